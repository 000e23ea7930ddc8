import { asyncBufferFromUrl, cachedAsyncBuffer } from "hyparquet";

export async function openReader(url) {
  const buffer = cachedAsyncBuffer(await asyncBufferFromUrl({ url }));
  return {
    read: async (start, end) => new Uint8Array(await buffer.slice(start, end)),
    close: () => undefined,
  };
}
