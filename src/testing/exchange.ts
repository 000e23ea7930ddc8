import type { Answer, AskedRequest } from "./honest-answer.ts";
import type { HeaderRecord } from "./preconditions.ts";
import type { ServedFile } from "./served-file.ts";

/** What a range server notes of each request, live: the counters grow while the body is being sent. */
export interface RequestRecord {
  /** Of this server, from 0, in order of arrival. */
  readonly ordinal: number;
  /** `GET`, `HEAD`, `OPTIONS` or what else was sent. */
  readonly method: string;
  /** As sent, percent-encoding untouched. */
  readonly path: string;
  /** What follows `?`, as sent; "" if nothing does. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: HeaderRecord;
  /** The Range field as sent, both ends inclusive; undefined where there is none. */
  readonly range: string | undefined;
  /** The status code; 0 until the headers were sent. */
  status: number;
  /** Body bytes handed to the socket: at most one socket buffer ahead of what the client took. */
  bytesSent: number;
  /** The client went away before the answer was complete. */
  aborted: boolean;
  /** Which socket it came on, from 1. */
  readonly connection: number;
  /** Milliseconds since 1970, fractions included. */
  readonly startedAt: number;
  /** When the last byte was handed over or the exchange was cut, in milliseconds since 1970; undefined while it goes on. */
  endedAt: number | undefined;
}

/** How an answer travels. */
export interface Delivery {
  /** Milliseconds before the status line. */
  headersDelayMs: number;
  /** Milliseconds between the headers and the first body byte. */
  bodyDelayMs: number;
  /** `length`: the headers as they are. `chunked` and `close` leave Content-Length out. */
  framing: "length" | "chunked" | "close";
  /** Body bytes in one write. */
  chunkBytes: number;
  /** Milliseconds after each write. */
  chunkDelayMs: number;
  /** Sends the body in the gzip coding; a Content-Length is corrected, other headers are not. */
  gzip: boolean;
  /** Where the answer ends too soon: after so many bytes of the body, or before the status line (`headers`). */
  cut: { readonly at: "headers" | number; readonly how: "reset" | "end" | "stall" } | undefined;
}

/** One request and the answer to it, before anything is sent: what a misbehaviour changes. */
export interface Exchange extends Answer {
  /** What the server notes of the request. */
  readonly request: RequestRecord;
  /** The request that is answered. */
  asked: AskedRequest;
  /** The file that is answered from; undefined for a 404. */
  file: ServedFile | undefined;
  /** How the answer will travel; may be changed. */
  readonly delivery: Delivery;
  /** This server's base URL. */
  readonly origin: string;
  /** Exchanges in progress on this server, this one included. */
  readonly concurrent: number;
  /** Computes `status`, `headers`, `body` and `span` anew from `asked` and `file`, honestly. */
  answerAgain(): void;
  /** Puts another answer in place of this one; what the server adds to every answer (CORS) is kept. */
  replaceAnswer(answer: Answer): void;
}

/** The first field of that name, whatever its case. */
export function getHeader(exchange: Pick<Answer, "headers">, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return exchange.headers.find(([field]) => field.toLowerCase() === wanted)?.[1];
}

/** Removes every field of that name. */
export function removeHeader(exchange: Pick<Answer, "headers">, name: string): void {
  const unwanted = name.toLowerCase();
  exchange.headers = exchange.headers.filter(([field]) => field.toLowerCase() !== unwanted);
}

/** Replaces every field of that name by one. */
export function setHeader(exchange: Pick<Answer, "headers">, name: string, value: string): void {
  removeHeader(exchange, name);
  exchange.headers.push([name, value]);
}

/** Replaces a field where it is present and does nothing where it is not. */
export function changeHeader(
  exchange: Pick<Answer, "headers">,
  name: string,
  change: (value: string) => string,
): void {
  const value = getHeader(exchange, name);
  if (value !== undefined) setHeader(exchange, name, change(value));
}
