import { promisify } from "node:util";
import yauzl from "yauzl";

const fromBuffer = promisify(yauzl.fromBuffer);

async function open(input) {
  const zip = await fromBuffer(Buffer.from(input.buffer, input.byteOffset, input.length), {
    lazyEntries: true,
  });
  const entries = [];
  await new Promise((resolve, reject) => {
    zip.on("entry", (entry) => {
      entries.push(entry);
      zip.readEntry();
    });
    zip.on("end", resolve).on("error", reject);
    zip.readEntry();
  });
  return { zip, entries };
}

async function chunksOf(zip, entry) {
  const chunks = [];
  for await (const chunk of await promisify(zip.openReadStream.bind(zip))(entry)) chunks.push(chunk);
  return chunks;
}

export async function listZip(input) {
  const { entries } = await open(input);
  return entries.map(({ fileName, uncompressedSize }) => ({ name: fileName, size: uncompressedSize }));
}

export async function readZip(input, { names }) {
  const { zip, entries } = await open(input);
  const named = new Map(entries.map((entry) => [entry.fileName, entry]));
  const read = [];
  for (const name of names) read.push(Buffer.concat(await chunksOf(zip, named.get(name))));
  return read;
}

export async function streamZip(input, { names: [name] }) {
  const { zip, entries } = await open(input);
  return chunksOf(
    zip,
    entries.find(({ fileName }) => fileName === name),
  );
}
