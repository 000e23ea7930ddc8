import { HttpError, isRangeStreamsError, OutOfBoundsError, type RangeStreamsError } from "../errors.ts";
import { parseContentRange } from "../http/content-range.ts";
import type { Expectation } from "../http/expectation.ts";
import { boundaryOf, type ListAnswer, verifyList } from "../http/multipart-response.ts";
import type { ListAsk, RangeAsk } from "../http/range-header.ts";
import { changed, refuse } from "../http/refusal.ts";
import { parseRetryAfter } from "../http/retry-after.ts";
import { type VerifiedIdentity, type VerifiedResponse, verifyResponse } from "../http/verify-response.ts";
import type { Range } from "../ranges/range.ts";
import type { WireCall } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpLink } from "./http-link.ts";
import { unwrapPart } from "./multi-range-part.ts";

/**
 * What a signed URL answers when its time is over: 403 from S3 and Google, 401 and 410 elsewhere, 400 for an expired session token
 * of AWS, 404 where the target was temporary.
 */
const EXPIRED: ReadonlySet<number> = new Set([400, 401, 403, 404, 410]);

/** An answer that passed the gate: its body holds the bytes it says. */
export interface VerifiedExchange {
  readonly exchange: Exchange;
  readonly verified: VerifiedResponse;
}

/**
 * One GET of a range, through the gate. Whatever does not pass is ended and thrown; nothing of its body is handed on.
 *
 * @throws what {@link verifyResponse} and {@link HttpLink.send} throw; a 416 inside the pinned size is CHANGED.
 */
export async function getVerified(link: HttpLink, ask: RangeAsk, call: WireCall): Promise<VerifiedExchange> {
  const answered = await link.send({ method: "GET", ask, call });
  try {
    const isPart = boundaryOf(answered) !== undefined;
    const exchange = isPart ? await unwrapPart(link, ask, { exchange: answered, call }) : answered;
    const verified = verifyAnswer(link, ask, exchange);
    adopt(link, ask, verified);
    return { exchange, verified };
  } catch (error) {
    if (!refused(link, answered, { error, call })) throw error;
    return getVerified(link, ask, call);
  }
}

/** An answer to several ranges that passed the gate. */
export interface ListExchange {
  readonly exchange: Exchange;
  readonly answer: ListAnswer;
}

/**
 * One GET of several ranges, through the gate; where its bytes lie, its parts will say.
 *
 * @throws what {@link verifyList} and {@link HttpLink.send} throw.
 */
export async function getList(link: HttpLink, ask: ListAsk, call: WireCall): Promise<ListExchange> {
  const exchange = await link.send({ method: "GET", ask, call });
  try {
    const answer = verifyList(expectation(link, ask), exchange);
    learnRanges(link);
    adopt(link, ask, answer);
    return { exchange, answer };
  } catch (error) {
    const failure = withRetryAfter(error, exchange);
    if (!refused(link, exchange, { error: failure, call })) throw failure;
    return getList(link, ask, call);
  }
}

interface Refusal {
  readonly error: unknown;
  readonly call: WireCall;
}

/** Ends an answer that did not pass the gate; tells whether another request, without what this one had, may do better. */
function refused(link: HttpLink, exchange: Exchange, { error, call }: Refusal): boolean {
  exchange.discard();
  if (isRangeStreamsError(error, "CHANGED")) link.sawChange = true;
  call.place?.refused(error);
  const { capabilities } = link.origin;
  if (exchange.status === 412 && link.sendsConditions && capabilities.ifMatch === undefined) {
    // Some servers refuse every If-Match. Only a plain answer can tell such a one from a changed file.
    capabilities.ifMatch = false;
    return true;
  }
  return EXPIRED.has(exchange.status) && link.forgetTarget(exchange.url);
}

/**
 * Holds an answer against what was asked and pinned.
 *
 * @throws what {@link verifyResponse} throws, with what the server says of coming back later.
 */
export function verifyAnswer(link: HttpLink, ask: RangeAsk, exchange: Exchange): VerifiedResponse {
  const expected = expectation(link, ask);
  if (exchange.status === 416 && link.pinned !== undefined) throw refuseUnsatisfied(link, expected, exchange);
  try {
    const verified = verifyResponse(expected, exchange);
    learn(link, ask, verified);
    refuseBeyond(link, ask, verified.total);
    return verified;
  } catch (error) {
    throw withRetryAfter(error, exchange);
  }
}

/**
 * A file that was opened without any validator is held to the first one that an answer shows; one that was seen to change is no
 * longer believed without any.
 */
function adopt(link: HttpLink, ask: RangeAsk | ListAsk, { validators, unproven }: VerifiedIdentity): void {
  const { pinned } = link;
  if (pinned?.validators.strength === "none" && validators.strength !== "none")
    link.pinned = { ...pinned, validators };
  if (!unproven) return;
  if (link.sawChange) {
    throw changed(expectation(link, ask), 206, "no validator, of a file that was seen to change");
  }
  link.warnOnce("unproven", `${link.name}: validators went missing; only the size is compared`);
}

/** A 416 inside the pinned size means another file; while the size is a secret it means the end of this one. */
function refuseUnsatisfied(link: HttpLink, expected: Expectation, exchange: Exchange): RangeStreamsError {
  if (link.pinned?.size === undefined && expected.ask.kind === "span") {
    return beyond(link, expected.ask.range, unsatisfiedTotal(exchange));
  }
  return changed(expected, 416, "status 416 for a range inside the size that was pinned");
}

/** A server that kept its size secret tells it now, and what was asked lies beyond. */
function refuseBeyond(link: HttpLink, ask: RangeAsk, total: number | undefined): void {
  if (link.pinned === undefined || link.pinned.size !== undefined || total === undefined) return;
  if (ask.kind === "span" && ask.range.end > total) throw beyond(link, ask.range, total);
}

function beyond(link: HttpLink, range: Range, size: number | undefined): OutOfBoundsError {
  const has = size === undefined ? "ends before that" : `has ${size} bytes`;
  return new OutOfBoundsError(
    `${link.name}: asked for ${range}, but the file ${has}; ask within it`,
    range,
    size,
  );
}

/** What a right answer shows of its server. */
function learn(link: HttpLink, ask: RangeAsk, { body, wanted, total }: VerifiedResponse): void {
  const { capabilities } = link.origin;
  learnRanges(link);
  if (ask.kind === "suffix") capabilities.suffix = true;
  // Less than was asked, and not for want of more: that is a cap once it has been seen twice.
  if (ask.kind !== "span" || wanted.length === ask.range.length || body.end === total) return;
  if (link.shortAnswerBytes === wanted.length) capabilities.maxRangeBytes = wanted.length;
  link.shortAnswerBytes = wanted.length;
}

function learnRanges(link: HttpLink): void {
  const { capabilities } = link.origin;
  capabilities.ranges = true;
  if (capabilities.ifMatch === undefined && link.sendsConditions) capabilities.ifMatch = true;
}

/** What an answer is held against. */
export function expectation<Ask extends RangeAsk | ListAsk>(link: HttpLink, ask: Ask): Expectation<Ask> {
  return { url: link.name, ask, pinned: link.pinned, identity: link.settings.identity };
}

/** A server that says when to come back is taken at its word. */
function withRetryAfter(error: unknown, exchange: Exchange): unknown {
  if (!(error instanceof HttpError) || !error.retryable) return error;
  const retryAfterMs = parseRetryAfter(exchange.headers.get("retry-after"), Date.now());
  if (retryAfterMs === undefined) return error;
  const { code, message, url, range, status } = error;
  return new HttpError(code, message, { url, range, status, retryable: true, retryAfterMs });
}

/** The total of a 416's Content-Range, where it has one in the right form. */
export function unsatisfiedTotal(exchange: Exchange): number | undefined {
  const field = exchange.headers.get("content-range");
  const parsed = field === null ? undefined : parseContentRange(field);
  return parsed?.range === undefined ? parsed?.total : undefined;
}

/** A body that says more or less than its head promised. */
export function bodyError(link: HttpLink, ask: RangeAsk, kind: "short" | "long"): HttpError {
  const url = link.name;
  return kind === "short"
    ? refuse({ url, ask }, 206, {
        code: "SHORT_BODY",
        got: "a body that ended early",
        advice: "the connection or a proxy is unreliable; it may pass",
        retryable: true,
      })
    : refuse({ url, ask }, 206, {
        code: "BAD_RESPONSE",
        got: "more bytes than the Content-Range says",
        advice: "the server or a proxy contradicts itself",
      });
}
