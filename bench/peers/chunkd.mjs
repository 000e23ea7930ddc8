import { SourceCache, SourceChunk } from "@chunkd/middleware";
import { SourceView } from "@chunkd/source";
import { SourceHttp } from "@chunkd/source-http";

/** Its grid and its cache as its documentation combines them, with blocks of 256 KiB and 64 MiB kept. */
export function openReader(url) {
  const middleware = [new SourceChunk({ size: 256 * 1024 }), new SourceCache({ size: 64 * 1024 * 1024 })];
  const source = new SourceView(new SourceHttp(new URL(url)), middleware);
  return {
    read: async (start, end) => new Uint8Array(await source.fetch(start, end - start)),
    close: () => undefined,
  };
}
