// The source that `fromUrl(url, { blockSize: 65536 })` makes; the package does not export it by itself.
const { makeRemoteSource } = await import(new URL("source/remote.js", import.meta.resolve("geotiff")));

export function openReader(url) {
  const source = makeRemoteSource(url, { blockSize: 65_536, cacheSize: 1024 });
  const readMany = async (ranges) => {
    const slices = ranges.map(([start, end]) => ({ offset: start, length: end - start }));
    return (await source.fetch(slices)).map((buffer) => new Uint8Array(buffer));
  };
  return {
    read: async (start, end) => (await readMany([[start, end]]))[0],
    readMany,
    close: () => undefined,
  };
}
