/**
 * The entries of a zip whose last bytes are `tail`; `read` brings what of the directory lies before. Only what the bench's own
 * zips need: no comments, no zip64 sizes.
 */
export async function readDirectory(tail, read) {
  const { bytes } = tail;
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let length = bytes.readUInt32LE(end + 12);
  let start = bytes.readUInt32LE(end + 16);
  if (start === 0xffff_ffff) {
    const record = Number(bytes.readBigUInt64LE(end - 12)) - tail.start;
    length = Number(bytes.readBigUInt64LE(record + 40));
    start = Number(bytes.readBigUInt64LE(record + 48));
  }
  const directory =
    start >= tail.start
      ? bytes.subarray(start - tail.start, start - tail.start + length)
      : await read(start, start + length);
  return parseEntries(directory, start);
}

function parseEntries(bytes, directoryStart) {
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    const nameLength = bytes.readUInt16LE(at + 28);
    entries.push({
      name: bytes.utf8Slice(at + 46, at + 46 + nameLength),
      nameLength,
      method: bytes.readUInt16LE(at + 10),
      storedSize: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      start: bytes.readUInt32LE(at + 42),
      stop: directoryStart,
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  // The bench's zips list their members in the order they lie in.
  for (let index = 1; index < entries.length; index++) entries[index - 1].stop = entries[index].start;
  return entries;
}
