import type { Exchange, RequestRecord } from "./exchange.ts";
import { removeHeader } from "./exchange.ts";
import { type Answer, honestAnswer, type ServerProfile } from "./honest-answer.ts";
import type { ExchangeChange } from "./misbehaviour-definition.ts";
import type { ServedFile } from "./served-file.ts";

/** How a server answers, apart from what it does wrong. */
export interface ServerManners {
  latencyMs: number;
  gzip: boolean;
  cors: false | "plain" | "exposed";
  profile: ServerProfile;
  maxRanges: number;
  /** Body bytes in one write. */
  chunkBytes: number;
}

/** Where an exchange takes place. */
export interface ExchangePlace {
  readonly request: RequestRecord;
  readonly file: ServedFile | undefined;
  readonly origin: string;
  readonly concurrent: number;
}

const EXPOSED =
  "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, Date, ETag, Last-Modified, Retry-After";

/** An exchange that has not been answered yet. */
export function openExchange(place: ExchangePlace, manners: ServerManners): Exchange {
  const { request } = place;
  const exchange: Exchange = {
    ...place,
    asked: { method: request.method, headers: { ...request.headers } },
    status: 0,
    headers: [],
    body: [],
    span: undefined,
    delivery: {
      headersDelayMs: manners.latencyMs,
      bodyDelayMs: 0,
      framing: "length",
      chunkBytes: manners.chunkBytes,
      chunkDelayMs: 0,
      gzip: false,
      cut: undefined,
    },
    answerAgain: () => exchange.replaceAnswer(answerTo(exchange, manners)),
    replaceAnswer: (answer) => {
      Object.assign(exchange, answer, {
        headers: [...answer.headers, ...corsHeaders(request, manners.cors)],
      });
    },
  };
  return exchange;
}

/** Answers an exchange: what is asked may be changed first, the honest answer after. */
export function answerExchange(exchange: Exchange, changes: readonly ExchangeChange[]): void {
  for (const change of changes) change.ask?.(exchange);
  exchange.answerAgain();
  for (const change of changes) change.answer?.(exchange);
}

function answerTo(exchange: Exchange, manners: ServerManners): Answer {
  if (exchange.asked.method === "OPTIONS" && manners.cors !== false) {
    return { status: 204, headers: [], body: [], span: undefined };
  }
  const { profile, maxRanges } = manners;
  return honestAnswer(exchange.asked, exchange.file, { profile, maxRanges, now: Date.now() });
}

function corsHeaders(request: RequestRecord, cors: ServerManners["cors"]): [string, string][] {
  if (cors === false) return [];
  const headers: [string, string][] = [["Access-Control-Allow-Origin", "*"]];
  if (cors === "exposed") headers.push(["Access-Control-Expose-Headers", EXPOSED]);
  if (request.method === "OPTIONS") {
    headers.push(["Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"]);
    // The wildcard would not cover Authorization, so what is asked for is echoed.
    const wanted = request.headers["access-control-request-headers"];
    if (wanted !== undefined) headers.push(["Access-Control-Allow-Headers", wanted]);
  }
  return headers;
}

/** Encoding on the fly, as nginx does it for a client that accepts gzip: the whole file, chunked, its ETag weakened. */
export const encodingOnTheFly: ExchangeChange = {
  ask: (exchange) => {
    delete exchange.asked.headers["range"];
    const { file } = exchange;
    if (file?.etag?.startsWith('"') === true) exchange.file = { ...file, etag: `W/${file.etag}` };
  },
  answer: (exchange) => {
    if (exchange.status !== 200) return;
    removeHeader(exchange, "Accept-Ranges");
    exchange.headers.push(["Content-Encoding", "gzip"], ["Vary", "Accept-Encoding"]);
    exchange.delivery.framing = "chunked";
    exchange.delivery.gzip = true;
  },
};

/** Whether an Accept-Encoding field accepts gzip (RFC 9110 section 12.5.3). */
export function acceptsGzip(field: string | undefined): boolean {
  for (const item of (field ?? "").split(",")) {
    const [coding = "", ...parameters] = item.split(";").map((text) => text.trim().toLowerCase());
    if (coding !== "gzip" && coding !== "x-gzip") continue;
    return !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  }
  return false;
}
