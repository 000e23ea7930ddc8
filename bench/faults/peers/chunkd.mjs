import { SourceHttp } from "@chunkd/source-http";

export const name = "@chunkd/source-http";

export async function open(url) {
  const source = new SourceHttp(new URL(url));
  return {
    read: async (start, end) => new Uint8Array(await source.fetch(start, end - start)),
    close: async () => undefined,
  };
}
