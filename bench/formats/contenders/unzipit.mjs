import { HTTPRangeReader, unzip, unzipRaw } from "unzipit";

const readerOf = (input) => (typeof input === "string" ? new HTTPRangeReader(input) : input);

export async function listZip(input) {
  const { entries } = await unzipRaw(readerOf(input));
  return entries.map(({ name, size }) => ({ name, size }));
}

export async function readZip(input, { names }) {
  const { entries } = await unzip(readerOf(input));
  const read = await Promise.all(names.map((name) => entries[name].arrayBuffer()));
  return read.map((buffer) => new Uint8Array(buffer));
}

export async function streamZip(input, { names: [name] }) {
  const { entries } = await unzip(readerOf(input));
  const chunks = [];
  for await (const chunk of await entries[name].stream()) chunks.push(chunk);
  return chunks;
}
