import { configure, HttpRangeReader, Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";

configure({ useWebWorkers: false });
const readerOf = (input) =>
  typeof input === "string"
    ? new HttpRangeReader(input, { combineSizeEocd: true })
    : new Uint8ArrayReader(input);
// Its default does not check.
const options = { checkSignature: true };

async function named(input) {
  const entries = await new ZipReader(readerOf(input)).getEntries();
  return new Map(entries.map((entry) => [entry.filename, entry]));
}

export async function listZip(input) {
  const entries = await new ZipReader(readerOf(input)).getEntries();
  return entries.map(({ filename, uncompressedSize }) => ({ name: filename, size: uncompressedSize }));
}

export async function readZip(input, { names }) {
  const entries = await named(input);
  return Promise.all(names.map((name) => entries.get(name).getData(new Uint8ArrayWriter(), options)));
}

export async function streamZip(input, { names: [name] }) {
  const entries = await named(input);
  const chunks = [];
  const sink = new WritableStream({ write: (chunk) => void chunks.push(chunk) });
  await entries.get(name).getData(sink, options);
  return chunks;
}
