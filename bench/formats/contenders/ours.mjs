// The package as it was built; the session hands over where its copy lies.
const built = new URL(process.env.RANGE_STREAMS_BUILT ?? "../../../", import.meta.url);
const { openZip } = await import(new URL("dist/zip.js", built));
const { openTar } = await import(new URL("dist/tar.js", built));
const { openPng } = await import(new URL("dist/png.js", built));

/** What is measured is time. */
const settings = { policy: "fast" };

async function closing(opening, work) {
  const opened = await opening;
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

const listed = ({ entries }) => entries.map(({ name, size }) => ({ name, size }));
const read = (archive, entries) =>
  entries.length === 1 ? Promise.all(entries.map((entry) => entry.bytes())) : archive.readMany(entries);

async function streamed(archive, name) {
  const chunks = [];
  for await (const chunk of archive.get(name).stream()) chunks.push(chunk);
  return chunks;
}

/** One member, taken out of a zip around it: the library has no bare decompressor. */
const streamOnly = (_, { zip }) => closing(openZip(zip, settings), (archive) => streamed(archive, "big.bin"));

export const listZip = (input) => closing(openZip(input, settings), listed);
export const readZip = (input, { names }) =>
  closing(openZip(input, settings), (zip) =>
    read(
      zip,
      names.map((name) => zip.get(name)),
    ),
  );
export const streamZip = (input, { names }) =>
  closing(openZip(input, settings), (zip) => streamed(zip, names[0]));
export const listTar = (input) => closing(openTar(input, settings), listed);
export const readTar = (input) => closing(openTar(input, settings), (tar) => read(tar, tar.entries));
export const inflate = (_, { zip }) =>
  closing(openZip(zip, settings), (archive) => archive.get("big.bin").bytes());
export const streamInflate = streamOnly;
export const decodePng = (input) => closing(openPng(input, settings), (png) => png.pixels());
export const unzstd = streamOnly;
export const unxz = streamOnly;
export const unbzip2 = streamOnly;
