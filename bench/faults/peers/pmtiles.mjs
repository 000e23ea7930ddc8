import { FetchSource } from "pmtiles";

export const name = "pmtiles";

export async function open(url) {
  const source = new FetchSource(url);
  // The library itself hands the ETag of its header read to every later one.
  const { etag } = await source.getBytes(0, 100);
  return {
    read: async (start, end) =>
      new Uint8Array((await source.getBytes(start, end - start, undefined, etag)).data),
    close: async () => undefined,
  };
}
