import { HttpError } from "../errors.ts";
import type { Bytes } from "../source/source.ts";
import { withTimeout } from "../source/timeout.ts";
import type { TransportBody } from "../source/transport.ts";

/** No probe needs more, and a server that ignores a range would send all of the file. */
const MAX_BODY_BYTES = 64 * 1024;

/** What was taken of a body. */
export interface TakenBody {
  readonly bytes: Bytes;
  /** It came to its own end; else it was left, or broke off. */
  readonly ended: boolean;
  /** Why it broke off. */
  readonly failure: HttpError | undefined;
}

/** How a body is taken. */
export interface TakeLimits {
  /** Its Content-Length. One that says more than {@link MAX_BODY_BYTES} is left at once. */
  readonly declared: number | undefined;
  /** Milliseconds between chunks. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** For messages; secrets removed. */
  readonly url: string;
}

/** Takes a short body to its end, which keeps the connection, and leaves a long one. Never rejects. */
export async function takeBody(body: TransportBody, limits: TakeLimits): Promise<TakenBody> {
  const { declared = 0, idleMs, signal, url } = limits;
  const chunks: Bytes[] = [];
  let length = 0;
  let failure: HttpError | undefined;
  try {
    while (declared <= MAX_BODY_BYTES && length <= MAX_BODY_BYTES) {
      const chunk = await withTimeout(body.read(), { ms: idleMs, signal, phase: "idle", url });
      if (chunk === undefined) return { bytes: joinChunks(chunks, length), ended: true, failure };
      chunks.push(chunk);
      length += chunk.byteLength;
    }
  } catch (error) {
    failure = error instanceof HttpError ? error : undefined;
  }
  await body.cancel();
  return { bytes: joinChunks(chunks, length), ended: false, failure };
}

function joinChunks(chunks: readonly Bytes[], length: number): Bytes {
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}
