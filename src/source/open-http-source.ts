import { HttpError, OutOfBoundsError, type RangeStreamsError } from "../errors.ts";
import { parseDecimal } from "../http/decimal.ts";
import type { RangeAsk } from "../http/range-header.ts";
import { refuse } from "../http/refusal.ts";
import { readValidators } from "../http/validators.ts";
import type { VerifiedResponse } from "../http/verify-response.ts";
import { Range } from "../ranges/range.ts";
import type { WireCall } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import { type FirstAsk, type FirstRequest, sendFirst } from "./first-request.ts";
import type { HttpLink, HttpSettings } from "./http-link.ts";
import { HttpSource } from "./http-source.ts";
import { LateBody } from "./late-body.ts";
import { unwrapPart } from "./multi-range-part.ts";
import { RangeBody } from "./range-body.ts";
import { Recovery } from "./recovery.ts";
import type { Bytes, Identity } from "./source.ts";
import type { StopSignal } from "./stop.ts";
import { type ChunkReader, streamChunks } from "./stream-chunks.ts";
import { getVerified, unsatisfiedTotal, type VerifiedExchange, verifyAnswer } from "./verified-get.ts";
import { WholeBody, wholeLength } from "./whole-body.ts";

/** A source, and the body of its first answer, not yet read. */
export interface HttpOpening {
  readonly source: HttpSource;
  /** Undefined where the file is empty, or comes whole. */
  readonly first: { readonly range: Range; readonly body: RangeBody } | undefined;
  /** Of a small file whose leading bytes were asked for too: all that lies before `first`. */
  readonly leading: { readonly range: Range; readonly body: LateBody } | undefined;
  /** All of the file, where the server knows no ranges and may send it whole: then nothing else can be read from. */
  readonly whole: ReadableStream<Bytes> | undefined;
}

/** What the first useful answer settled. */
interface Settled {
  readonly size: number | undefined;
  readonly identity: Identity;
  readonly answer: VerifiedExchange | undefined;
  readonly whole?: ChunkReader | undefined;
}

/**
 * What to ask where a suffix is not to be had: enough to hold a small file whole, and its total leads to the tail of a larger
 * one.
 */
const LEADING_PROBE: RangeAsk = { kind: "span", range: new Range(0, 32 * 1024) };
/** A file up to this is read whole where its leading bytes were asked for beside its tail: a round trip more would take as long. *Unmeasured*. */
const WHOLE_BYTES = 2 * 1024 * 1024;
/** Statuses seen from servers that do not know `bytes=-n`: 501 from a CDN before PyPI's files, 400 and 405 elsewhere. */
const NO_SUFFIX: ReadonlySet<number> = new Set([400, 405, 416, 501]);

/**
 * Opens an http(s) URL by one useful ranged GET that also tells size, identity and whether ranges work. More requests only where
 * a server hides something: a suffix it does not know costs one or two, a Content-Range hidden by CORS a HEAD.
 *
 * @throws OUT_OF_BOUNDS for an exact range outside the file, RANGE_IGNORED for a server without ranges, and what any exchange
 * may throw.
 */
export async function openHttpSource(
  settings: HttpSettings,
  first: FirstAsk,
  signal: AbortSignal | undefined,
): Promise<HttpOpening> {
  return openByAnswer(sendFirst(settings, first, signal));
}

/** The same of a request that was sent; in vain, it ends the call and closes the link. */
export async function openByAnswer(request: FirstRequest): Promise<HttpOpening> {
  const { link, first, call } = request;
  try {
    const settled = await settle(request);
    const { size, identity, answer, whole } = settled;
    link.pinned = { validators: identity, size };
    return {
      source: new HttpSource(link, size ?? Number.POSITIVE_INFINITY, identity),
      first: answer === undefined ? undefined : openFirst(link, first, answer),
      leading: leadingBody(request, settled),
      whole: whole === undefined ? undefined : streamChunks(() => whole),
    };
  } catch (error) {
    request.leading?.giveUp();
    link.close();
    throw error;
  } finally {
    call.end();
  }
}

/** What was asked for beside the first answer, where all of the file is worth having. */
function leadingBody({ link, leading }: FirstRequest, { size, answer }: Settled): HttpOpening["leading"] {
  if (leading === undefined) return undefined;
  const end = Math.min(answer?.verified.wanted.start ?? 0, leading.range.end);
  if (end === 0 || size === undefined || size > WHOLE_BYTES) {
    leading.giveUp();
    return undefined;
  }
  const range = new Range(0, end);
  return { range, body: new LateBody(link, range, leading) };
}

function openFirst(link: HttpLink, first: FirstAsk, answer: VerifiedExchange): HttpOpening["first"] {
  const { wanted } = answer.verified;
  const exact = first.exact && first.ask.kind === "span" ? first.ask.range : undefined;
  // A probe is content with what came; an exact range goes on after a legal shorter answer.
  const range =
    exact ?? new Range(wanted.start, first.exact ? (link.pinned?.size ?? wanted.end) : wanted.end);
  return { range, body: new RangeBody(link, range, answer) };
}

async function settle({ link, first, call, sent }: FirstRequest): Promise<Settled> {
  const recovery = new Recovery(link.settings.retry, link);
  const suffix = first.ask.kind === "suffix";
  for (let exchange = sent; ; exchange = undefined) {
    try {
      if (exchange !== undefined)
        return await settleByAnswer(link, first, { exchange: await exchange, call });
      if (suffix && link.origin.capabilities.suffix === false) return await settleBySize(link, first, call);
      return await settleBy(link, first, call);
    } catch (error) {
      if (suffix && link.origin.capabilities.suffix !== false && blamesSuffix(link, error)) {
        link.origin.capabilities.suffix = false;
        continue;
      }
      await recovery.after(error, call);
    }
  }
}

function blamesSuffix(link: HttpLink, error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  if (error.status !== undefined && NO_SUFFIX.has(error.status)) return true;
  // In a browser a suffix needs a preflight, and a refused one looks like any network failure.
  if (error.code === "NETWORK") return !link.origin.transport.seesRedirects;
  return error.code === "RANGE_MISMATCH";
}

async function settleBy(link: HttpLink, first: FirstAsk, call: WireCall): Promise<Settled> {
  const exchange = await link.send({ method: "GET", ask: first.ask, call });
  return settleByAnswer(link, first, { exchange, call });
}

async function settleByAnswer(link: HttpLink, first: FirstAsk, { exchange, call }: Judged): Promise<Settled> {
  try {
    const answer = await unwrapPart(link, first.ask, { exchange, call });
    return await judge(link, first, { exchange: answer, call });
  } catch (error) {
    exchange.discard();
    throw error;
  }
}

interface Judged {
  readonly exchange: Exchange;
  readonly call: WireCall;
}

async function judge(link: HttpLink, first: FirstAsk, { exchange, call }: Judged): Promise<Settled> {
  const identity = readValidators(exchange.headers);
  if (exchange.status === 416) return settleUnsatisfied(link, first, { exchange, call });
  if (exchange.status === 200 && (await isEmptyWhole(exchange, call.signal))) {
    return settleEmpty(link, first, { exchange, identity });
  }
  if (exchange.status === 206 && first.ask.kind === "suffix" && declaresNothing(exchange)) {
    // Seen from Caddy 2.6: a suffix of an empty file is `bytes 0--1/0`, which proves nothing. The leading bytes tell.
    exchange.discard();
    return settleBySize(link, first, call);
  }
  if (exchange.status === 206 && exchange.filtered && exchange.headers.get("content-range") === null) {
    return settleHidden(link, first, { exchange, call });
  }
  if (exchange.status === 200) link.origin.capabilities.ranges = false;
  if (exchange.status === 200 && link.settings.maxDownloadBytes !== undefined) {
    return settleWhole(link, { exchange, call });
  }
  const verified = verifyAnswer(link, first.ask, exchange);
  checkBounds(link, first, verified);
  return { size: verified.total, identity: verified.validators, answer: { exchange, verified } };
}

/** The server has no ranges, and may send the file whole. One that does not say how long it is, is taken in to learn its size. */
async function settleWhole(link: HttpLink, { exchange, call }: Judged): Promise<Settled> {
  const size = wholeLength(link, exchange);
  const identity = readValidators(exchange.headers);
  refuseWeakIdentity(link, exchange, identity);
  link.pinned = { validators: identity, size };
  const body = new WholeBody(link, exchange, size);
  if (size !== undefined) return { size, identity, answer: undefined, whole: body };
  const chunks: Bytes[] = [];
  for (let chunk = await body.readWithin(call); chunk !== undefined; chunk = await body.readWithin(call)) {
    chunks.push(chunk);
  }
  const total = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const taken: ChunkReader = { read: async () => chunks.shift(), cancel: () => undefined };
  return { size: total, identity, answer: undefined, whole: taken };
}

/** A server may ignore Range on an empty file (Go's and nginx do), and then says 200 with nothing in it. */
async function isEmptyWhole(exchange: Exchange, signal: StopSignal): Promise<boolean> {
  if (exchange.headers.get("content-length") !== null) return declaresNothing(exchange);
  return !(await exchange.peek(signal));
}

function declaresNothing(exchange: Exchange): boolean {
  const length = exchange.headers.get("content-length");
  return length !== null && parseDecimal(length.trim()) === 0;
}

function settleEmpty(
  link: HttpLink,
  first: FirstAsk,
  { exchange, identity }: { exchange: Exchange; identity: Identity },
): Settled {
  exchange.discard();
  if (first.exact) throw outOfBounds(link, first.ask, 0);
  refuseWeakIdentity(link, exchange, identity);
  return { size: 0, identity, answer: undefined };
}

/** The gate for answers that hold no range. */
function refuseWeakIdentity(link: HttpLink, exchange: Exchange, identity: Identity): void {
  if (link.settings.identity !== "strict" || identity.strength === "strong") return;
  const got = `a file of ${identity.strength} identity`;
  const advice = "identity: 'strict' needs a strong ETag";
  const ask = { kind: "from", start: 0 } as const;
  throw refuse({ url: link.name, ask }, exchange.status, { code: "NO_IDENTITY", got, advice });
}

async function settleUnsatisfied(
  link: HttpLink,
  first: FirstAsk,
  { exchange, call }: Judged,
): Promise<Settled> {
  const total = unsatisfiedTotal(exchange);
  const identity = readValidators(exchange.headers);
  if (total === 0) return settleEmpty(link, first, { exchange, identity });
  if (first.exact && first.ask.kind !== "suffix") throw outOfBounds(link, first.ask, total);
  if (first.ask.kind === "span" && first.ask.range.start === 0 && total === undefined) {
    // Only an empty file has no first byte; but a bare 416 (Apache's has no Content-Range) should not decide that alone.
    exchange.discard();
    if ((await sizeByHeadMethod(link, call)) === 0) return settleEmpty(link, first, { exchange, identity });
  }
  if (!first.exact && probeStart(first.ask) > 0) {
    // A probe wholly past the end holds nothing of the file: its leading bytes tell size and identity as well.
    exchange.discard();
    return settleBy(link, { ask: LEADING_PROBE, exact: false }, call);
  }
  const advice = "the server refuses a range that it should have";
  const refusal = { code: "HTTP_STATUS", got: "status 416", advice } as const;
  throw refuse({ url: link.name, ask: first.ask }, 416, refusal);
}

/** Where a probe begins; a suffix begins where its server says. */
function probeStart(ask: RangeAsk): number {
  if (ask.kind === "suffix") return 0;
  return ask.kind === "span" ? ask.range.start : ask.start;
}

/**
 * CORS hides Content-Range: the size comes from a HEAD, whose Content-Length is never hidden, and the position is believed
 * where the length is exactly that of the span.
 */
async function settleHidden(link: HttpLink, first: FirstAsk, { exchange, call }: Judged): Promise<Settled> {
  const advice = "add Access-Control-Expose-Headers: Content-Range, ETag";
  link.warnOnce("hidden", `${link.name}: the server hides Content-Range from this page; ${advice}`);
  const size = await sizeByHeadMethod(link, call);
  const ask = size === undefined ? first.ask : clampAsk(first, size);
  if (ask === undefined) throw outOfBounds(link, first.ask, size);
  const verified = verifyAnswer(link, ask, exchange);
  return { size, identity: verified.validators, answer: { exchange, verified } };
}

function clampAsk({ ask, exact }: FirstAsk, size: number): RangeAsk | undefined {
  const whole = new Range(0, size);
  switch (ask.kind) {
    case "span": {
      const range = ask.range.intersection(whole);
      return range === undefined || (exact && !range.equals(ask.range)) ? undefined : { kind: "span", range };
    }
    case "from":
      return ask.start < size ? { kind: "span", range: new Range(ask.start, size) } : undefined;
    case "suffix": {
      if (exact && ask.length > size) return undefined;
      return { kind: "span", range: new Range(Math.max(0, size - ask.length), size) };
    }
  }
}

async function sizeByHeadMethod(link: HttpLink, call: WireCall): Promise<number | undefined> {
  const exchange = await link.send({ method: "HEAD", ask: undefined, call });
  exchange.discard();
  if (exchange.status !== 200) return undefined;
  const length = exchange.headers.get("content-length");
  return length === null ? undefined : parseDecimal(length.trim());
}

/** No suffix here: the answer to its leading bytes tells the size, and then the tail has a position. */
async function settleBySize(link: HttpLink, first: FirstAsk, call: WireCall): Promise<Settled> {
  const leading = await settleBy(link, { ask: LEADING_PROBE, exact: false }, call);
  const { size, identity, answer } = leading;
  if (size === undefined || answer === undefined) return leading;
  const ask = clampAsk(first, size);
  answer.exchange.discard();
  if (ask === undefined) throw outOfBounds(link, first.ask, size);
  link.pinned = { validators: identity, size };
  return { size, identity, answer: await getVerified(link, ask, call) };
}

/** An exact range that the answer shows to lie outside the file. */
function checkBounds(link: HttpLink, { ask, exact }: FirstAsk, { body, total }: VerifiedResponse): void {
  if (!exact || total === undefined) return;
  const outside =
    ask.kind === "span" ? ask.range.end > total : ask.kind === "suffix" && ask.length > body.length;
  if (outside) throw outOfBounds(link, ask, total);
}

function outOfBounds(link: HttpLink, ask: RangeAsk, size: number | undefined): RangeStreamsError {
  const asked = askedSpan(ask, size);
  const message = `${link.name}: asked for ${asked.text}, but the file has ${size ?? "fewer"} bytes; ask within it`;
  return new OutOfBoundsError(message, asked.span, size);
}

function askedSpan(
  ask: RangeAsk,
  size: number | undefined,
): { text: string; span: { start: number; end: number } } {
  switch (ask.kind) {
    case "span":
      return { text: String(ask.range), span: ask.range };
    case "from":
      return { text: `all from ${ask.start} on`, span: { start: ask.start, end: ask.start } };
    case "suffix":
      return { text: `the last ${ask.length}`, span: { start: -ask.length, end: size ?? 0 } };
  }
}
