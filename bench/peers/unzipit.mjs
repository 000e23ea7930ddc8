import { HTTPRangeReader, unzipRaw } from "unzipit";

export async function openZip(url) {
  const { entries } = await unzipRaw(new HTTPRangeReader(url));
  const named = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    list: () => entries,
    bytes: async (name) => new Uint8Array(await named.get(name).arrayBuffer()),
    async stream(name, onChunk) {
      for await (const chunk of await named.get(name).stream()) onChunk(chunk);
    },
    close: () => undefined,
  };
}
