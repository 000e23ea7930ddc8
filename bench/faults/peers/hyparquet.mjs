import { asyncBufferFromUrl } from "hyparquet";

export const name = "hyparquet";

export async function open(url) {
  const buffer = await asyncBufferFromUrl({ url });
  return {
    read: async (start, end) => new Uint8Array(await buffer.slice(start, end)),
    close: async () => undefined,
  };
}
