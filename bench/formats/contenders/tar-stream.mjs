import { extract } from "tar-stream";

/** Every member, each given to `onMember` with its stream. */
async function walk(input, onMember) {
  const tar = extract();
  tar.end(input);
  for await (const entry of tar) await onMember(entry);
}

export async function listTar(input) {
  const listed = [];
  await walk(input, (entry) => {
    listed.push({ name: entry.header.name, size: entry.header.size });
    entry.resume();
  });
  return listed;
}

export async function readTar(input) {
  const read = [];
  await walk(input, async (entry) => {
    const chunks = [];
    for await (const chunk of entry) chunks.push(chunk);
    read.push(Buffer.concat(chunks));
  });
  return read;
}
