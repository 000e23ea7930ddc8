import { Parser } from "tar";

function parse(input, onReadEntry) {
  return new Promise((resolve, reject) => {
    const parser = new Parser({ strict: true, onReadEntry });
    parser.on("end", resolve).on("error", reject);
    parser.end(Buffer.from(input.buffer, input.byteOffset, input.length));
  });
}

export async function listTar(input) {
  const listed = [];
  await parse(input, (entry) => {
    listed.push({ name: entry.path, size: entry.size });
    entry.resume();
  });
  return listed;
}

export async function readTar(input) {
  const read = [];
  await parse(input, (entry) => {
    const at = read.push(undefined) - 1;
    const chunks = [];
    entry.on("data", (chunk) => chunks.push(chunk));
    entry.on("end", () => {
      read[at] = Buffer.concat(chunks);
    });
  });
  return read;
}
