import { createInflateRaw } from "node:zlib";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk } from "./decoder.ts";
import type { PushbackInput } from "./pushback-input.ts";

/** As in `inflate.node.ts`, where it was measured. */
const OUTPUT_BYTES = 256 * 1024;

/** Inflates one raw deflate stream (RFC 1951) by node:zlib and gives back what follows it. */
export async function* inflateUntilEnd(
  input: PushbackInput,
  what: string,
): AsyncGenerator<Chunk, void, void> {
  const engine = createInflateRaw({ chunkSize: OUTPUT_BYTES });
  let failure: { readonly error: unknown } | undefined;
  let fed = 0;
  let last: Chunk = new Uint8Array(0);
  const feed = async (): Promise<void> => {
    for (let chunk = await input.next(); chunk !== undefined; chunk = await input.next()) {
      const taken = chunk;
      last = taken;
      fed += taken.length;
      await new Promise<void>((resolve) => engine.write(taken, () => resolve()));
      // It takes less than it is given only where the stream has ended.
      if (engine.bytesWritten < fed) return;
    }
    engine.end();
  };
  feed().catch((error: unknown) => {
    failure = { error };
    engine.destroy();
  });
  try {
    for await (const output of engine) yield new Uint8Array(output as Buffer<ArrayBuffer>);
    input.unread(last.subarray(last.length - (fed - engine.bytesWritten)));
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    throw brokenStream(what, `data that is not one whole deflate stream (${String(error)})`, error);
  } finally {
    engine.destroy();
  }
}
