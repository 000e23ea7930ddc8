import xz from "xz-decompress";

const PIECE = 64 * 1024;

export async function unxz(input) {
  let at = 0;
  const stored = new ReadableStream({
    pull(controller) {
      if (at >= input.length) return controller.close();
      controller.enqueue(input.subarray(at, at + PIECE));
      at += PIECE;
    },
  });
  const chunks = [];
  for await (const chunk of new xz.XzReadableStream(stored)) chunks.push(chunk);
  return chunks;
}
