import { type FileHandle, open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";

/** A local file as it is served. */
export interface ServedPath {
  readonly path: string;
  /** Its last part, for people. */
  readonly name: string;
}

interface Asked {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/**
 * Answers GET and HEAD of a file, in whole or one range (RFC 9110 section 14). Its ETag is made of size and time of change, so that a
 * file that is written to meanwhile is another one.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { path }: ServedPath,
): Promise<void> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) {
    response.writeHead(404).end();
    return;
  }
  try {
    await sendOpened(request, response, file);
  } finally {
    await file.close();
  }
}

async function sendOpened(
  request: IncomingMessage,
  response: ServerResponse,
  file: FileHandle,
): Promise<void> {
  const { size, mtimeNs } = await file.stat({ bigint: true });
  const total = Number(size);
  const etag = `"${size.toString(36)}-${mtimeNs.toString(36)}"`;
  response.setHeader("content-type", "application/octet-stream");
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("etag", etag);
  const { range, "if-match": match, "if-range": condition } = request.headers;
  if (match !== undefined && match !== etag && match !== "*") {
    response.writeHead(412).end();
    return;
  }
  const honoured = condition === undefined || condition === etag;
  const asked = request.method === "GET" && honoured ? parseRange(range, total) : undefined;
  if (asked === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${total}` }).end();
    return;
  }
  const { start, end } = asked ?? { start: 0, end: total };
  response.setHeader("content-length", end - start);
  if (asked !== undefined) response.setHeader("content-range", `bytes ${start}-${end - 1}/${total}`);
  response.writeHead(asked === undefined ? 200 : 206);
  if (request.method === "HEAD" || start === end) {
    response.end();
    return;
  }
  const body = file.createReadStream({ start, end: end - 1, autoClose: false });
  // A page that leaves early ends its own answer, and nothing else.
  await pipeline(body, response).catch(() => response.destroy());
}

/** One range as a page of ours asks for it; undefined for none, for a list and for what is no range: all of them get the whole file. */
function parseRange(field: string | undefined, size: number): Asked | "unsatisfiable" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(field ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size };
  }
  const start = Number(first);
  if (start >= size) return "unsatisfiable";
  if (last === "") return { start, end: size };
  return Number(last) < start ? undefined : { start, end: Math.min(Number(last) + 1, size) };
}
