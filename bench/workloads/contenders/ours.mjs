// The package as it was built; the session hands over where its copy lies.
const built = new URL(process.env.RANGE_STREAMS_BUILT ?? "../../../", import.meta.url);
const { openSource } = await import(new URL("dist/index.js", built));
const { openZip: openZipArchive } = await import(new URL("dist/zip.js", built));

/** Reads by position; what is held is taken without a promise. */
export async function openReader(url, { option, workload }) {
  const { opens } = workload.trace;
  const source = await openSource(url, { ...option, ...(opens === undefined ? {} : { probe: opens }) });
  return {
    read: (start, end) => source.tryRead?.([start, end]) ?? source.read([start, end]),
    readMany: (ranges) => source.readMany(ranges),
    close: () => source.close(),
  };
}

export async function openZip(url, { option: { policy } }) {
  const archive = await openZipArchive(url, { policy });
  return {
    list: () => archive.entries,
    readMany: (names) =>
      archive.readMany?.(names.map((name) => archive.get(name))) ??
      Promise.all(names.map((name) => archive.get(name).bytes())),
    async stream(name, onChunk) {
      for await (const chunk of archive.get(name).stream()) onChunk(chunk);
    },
    close: () => archive.close(),
  };
}

export async function openDownload(url, { option: { policy } }) {
  const source = await openSource(url, { policy });
  return {
    async download(onChunk) {
      for await (const chunk of source.stream()) onChunk(chunk);
    },
    close: () => source.close(),
  };
}
