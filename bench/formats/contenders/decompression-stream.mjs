const PIECE = 64 * 1024;

export async function streamInflate(input) {
  let at = 0;
  const stored = new ReadableStream({
    pull(controller) {
      if (at >= input.length) return controller.close();
      controller.enqueue(input.subarray(at, at + PIECE));
      at += PIECE;
    },
  });
  const chunks = [];
  for await (const chunk of stored.pipeThrough(new DecompressionStream("deflate-raw"))) chunks.push(chunk);
  return chunks;
}

export async function inflate(input) {
  return Buffer.concat(await streamInflate(input));
}
