import type { ServerResponse } from "node:http";
import type { Exchange } from "./exchange.ts";
import { getHeader, removeHeader, setHeader } from "./exchange.ts";
import { type BodyPart, partLength } from "./honest-answer.ts";
import type { ServedFile } from "./served-file.ts";

/** Takes turns on a link: resolves when `byteLength` more bytes may be sent. */
export type Pace = (byteLength: number) => number;

/** A link of that many bytes a second: gives the milliseconds to wait before the next bytes may go. */
export function createPace(bytesPerSecond: number): Pace {
  let freeAt = 0;
  return (byteLength) => {
    const now = performance.now();
    freeAt = Math.max(freeAt, now) + (byteLength / bytesPerSecond) * 1000;
    return freeAt - now;
  };
}

/** Sends an answer with back-pressure, at the pace of every link in `paces`, and keeps the record true. */
export async function sendAnswer(
  response: ServerResponse,
  exchange: Exchange,
  paces: readonly Pace[],
): Promise<void> {
  const { delivery, request } = exchange;
  if (!(await waitOpen(response, delivery.headersDelayMs))) return;
  if (delivery.cut?.at === "headers") return cutNow(response, exchange);
  if (delivery.gzip) await encodeBody(exchange);
  sendHead(response, exchange);
  request.status = exchange.status;
  if (delivery.bodyDelayMs > 0) {
    response.flushHeaders();
    if (!(await waitOpen(response, delivery.bodyDelayMs))) return;
  }
  const limit = delivery.cut?.at ?? Number.POSITIVE_INFINITY;
  const complete = await sendBody(response, exchange, { paces, limit });
  if (!complete) return;
  if (delivery.cut !== undefined) {
    response.flushHeaders();
    return cutNow(response, exchange);
  }
  response.end();
}

/** Milliseconds since 1970, fractions included. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}

function sendHead(response: ServerResponse, exchange: Exchange): void {
  const { framing } = exchange.delivery;
  if (framing !== "length") removeHeader(exchange, "Content-Length");
  if (framing === "close") {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
  }
  response.writeHead(exchange.status, exchange.headers.flat());
}

interface BodyLimits {
  readonly paces: readonly Pace[];
  /** Bytes after which to stop. */
  readonly limit: number;
}

async function sendBody(response: ServerResponse, exchange: Exchange, limits: BodyLimits): Promise<boolean> {
  let left = limits.limit;
  for (const part of exchange.body) {
    for (let start = 0; start < partLength(part) && left > 0; ) {
      const length = Math.min(exchange.delivery.chunkBytes, partLength(part) - start, left);
      const chunk = await readPart(part, exchange.file, { start, end: start + length });
      const pause = Math.max(0, ...limits.paces.map((pace) => pace(length)));
      if (!(await waitOpen(response, pause))) return false;
      if (!(await writeChunk(response, chunk))) return false;
      exchange.request.bytesSent += length;
      if (!(await waitOpen(response, exchange.delivery.chunkDelayMs))) return false;
      start += length;
      left -= length;
    }
  }
  return true;
}

async function readPart(
  part: BodyPart,
  file: ServedFile | undefined,
  within: { start: number; end: number },
): Promise<Uint8Array> {
  if (part instanceof Uint8Array) return part.subarray(within.start, within.end);
  if (file === undefined)
    throw new Error("An answer takes a span of a file, but there is no file to take it from");
  return await file.read(part.start + within.start, part.start + within.end);
}

// Resolves once the socket has room again; false when the client left.
function writeChunk(response: ServerResponse, chunk: Uint8Array): Promise<boolean> {
  if (response.closed || response.destroyed) return Promise.resolve(false);
  if (response.write(chunk)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const settle = (open: boolean) => {
      response.off("drain", onDrain);
      response.off("close", onClose);
      resolve(open);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    response.once("drain", onDrain);
    response.once("close", onClose);
  });
}

function waitOpen(response: ServerResponse, delayMs: number): Promise<boolean> {
  if (response.closed || response.destroyed) return Promise.resolve(false);
  if (delayMs <= 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const onClose = () => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      response.off("close", onClose);
      resolve(true);
    }, delayMs);
    response.once("close", onClose);
  });
}

// A reset throws away what the kernel has not delivered, so what was written gets a moment to arrive.
const ARRIVAL_MS = 15;

async function cutNow(response: ServerResponse, { delivery, request }: Exchange): Promise<void> {
  const { socket } = response;
  if (socket === null || delivery.cut === undefined || delivery.cut.how === "stall") return;
  if (delivery.cut.how === "reset" && !(await waitOpen(response, ARRIVAL_MS))) return;
  request.endedAt = epochNow();
  if (delivery.cut.how === "reset") socket.resetAndDestroy();
  else socket.destroySoon();
}

async function encodeBody(exchange: Exchange): Promise<void> {
  const parts: Uint8Array[] = [];
  for (const part of exchange.body) {
    parts.push(await readPart(part, exchange.file, { start: 0, end: partLength(part) }));
  }
  const encoded = new Blob(parts as BlobPart[]).stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(encoded).arrayBuffer());
  exchange.body = [bytes];
  if (getHeader(exchange, "Content-Length") !== undefined) {
    setHeader(exchange, "Content-Length", String(bytes.length));
  }
}
