import { type Exchange, removeHeader, setHeader } from "./exchange.ts";
import { textAnswer } from "./honest-answer.ts";
import { answering, type MisbehaviourDefinition } from "./misbehaviour-definition.ts";

/** Another status than the one that is due. */
export type StatusMisbehaviour =
  | "status"
  | "429-then-ok"
  | "503-then-ok"
  | "no-suffix"
  | "refuses-if-match"
  | "refuses-many"
  | "head-forbidden"
  | "head-without-length"
  | "head-zero-length"
  | "redirects"
  | "redirect-loop"
  | "redirect-without-location";

/** Definitions of {@link StatusMisbehaviour}. */
export const statusMisbehaviours: Record<StatusMisbehaviour, MisbehaviourDefinition> = {
  /** `status` (default 500), with `retryAfter` where given and `value` as the body; a 416 so made tells no size. */
  status: answering((exchange, { status = 500, retryAfter, value }) =>
    refuse(exchange, status, { retryAfter, text: value }),
  ),
  /** 429 once (`times`), with Retry-After `retryAfter` (default 0 seconds). */
  "429-then-ok": {
    ...answering((exchange, { retryAfter = "0" }) => refuse(exchange, 429, { retryAfter })),
    times: 1,
  },
  /** 503 once (`times`), without Retry-After unless `retryAfter` is given. */
  "503-then-ok": {
    ...answering((exchange, { retryAfter }) => refuse(exchange, 503, { retryAfter })),
    times: 1,
  },
  /** `status` (default 501) to `bytes=-n`, as Fastly does for PyPI. */
  "no-suffix": answering((exchange, { status = 501 }) => {
    if (/^\s*bytes\s*=\s*-/i.test(exchange.request.range ?? "")) refuse(exchange, status);
  }),
  /** 412 to every If-Match, also to the right one. */
  "refuses-if-match": answering((exchange) => {
    if (exchange.request.headers["if-match"] !== undefined) refuse(exchange, 412);
  }),
  /** `status` (default 503) while more than `limit` (default 2) exchanges are in progress. */
  "refuses-many": answering((exchange, { status = 503, limit = 2 }) => {
    if (exchange.concurrent > limit) refuse(exchange, status);
  }),
  /** `status` (default 403) to HEAD, as for a URL signed for GET. */
  "head-forbidden": answering((exchange, { status = 403 }) => {
    if (exchange.request.method === "HEAD") refuse(exchange, status);
  }),
  /** HEAD tells no size. */
  "head-without-length": answering((exchange) => {
    if (exchange.request.method === "HEAD") removeHeader(exchange, "Content-Length");
  }),
  /** HEAD says that the file is empty. */
  "head-zero-length": answering((exchange) => {
    if (exchange.request.method === "HEAD") setHeader(exchange, "Content-Length", "0");
  }),
  /** `status` (default 302) to `location`; by default to the same path with the query `redirected`, which is answered. */
  redirects: answering((exchange, { status = 302, location }) => {
    const { path, query } = exchange.request;
    if (query === "redirected") return;
    refuse(exchange, status, { location: location ?? `${path}?redirected` });
  }),
  /** 302 to itself, for ever. */
  "redirect-loop": answering((exchange, { status = 302 }) =>
    refuse(exchange, status, { location: exchange.request.path }),
  ),
  /** 302 to nowhere. */
  "redirect-without-location": answering((exchange, { status = 302 }) => refuse(exchange, status)),
};

interface Refusal {
  retryAfter?: string | undefined;
  location?: string | undefined;
  text?: string | undefined;
}

function refuse(exchange: Exchange, status: number, { retryAfter, location, text }: Refusal = {}): void {
  const headers: [string, string][] = [];
  if (retryAfter !== undefined) headers.push(["Retry-After", retryAfter]);
  if (location !== undefined) headers.push(["Location", location]);
  if (status === 401) headers.push(["WWW-Authenticate", 'Basic realm="range server"']);
  const bodiless = exchange.request.method === "HEAD" || status === 204 || status === 304;
  const answer = textAnswer(status, text ?? `Refused with ${status}\n`, headers);
  exchange.replaceAnswer(bodiless ? { ...answer, body: [] } : answer);
  if (status === 204 || status === 304) removeHeader(exchange, "Content-Length");
}
