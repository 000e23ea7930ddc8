import type { Range } from "../ranges/range.ts";
import { type ContentRange, formatContentRange, parseContentRange } from "./content-range.ts";
import { parseDecimal } from "./decimal.ts";
import type { Expectation, ResponseHead } from "./expectation.ts";
import type { ListAsk, RangeAsk } from "./range-header.ts";
import { type Asked, changed, refuse } from "./refusal.ts";
import { refuseStatus } from "./refuse-status.ts";
import { compareValidators, describeChange, readValidators, type Validators } from "./validators.ts";

/** A 206 of the representation that was pinned. */
export interface VerifiedIdentity {
  readonly validators: Validators;
  /** A validator that was pinned is missing here; only the size spoke. */
  readonly unproven: boolean;
}

/** A response whose head proved what its body will hold. */
export interface VerifiedSpan extends VerifiedIdentity {
  /** Where the bytes of the body lie, half-open. */
  readonly body: Range;
  /** Bytes in the representation, where the server tells. */
  readonly total: number | undefined;
  /** Content-Length was sent and equals `body.length`: the platform's parser guards the end of the body. */
  readonly lengthDeclared: boolean;
}

/** A response that holds what was asked, or its beginning. */
export interface VerifiedResponse extends VerifiedSpan {
  /** The part of `body` that was asked for: all of it, unless the server sent more around it. */
  readonly wanted: Range;
}

type AnyExpectation = Expectation<RangeAsk | ListAsk>;

/**
 * A superset with more waste than this before or after the wanted bytes is refused rather than skipped. 1 MiB is what the
 * fault catalogue lets an ignored range cost; *unmeasured* beyond that.
 */
export const MAX_WASTE_BYTES = 1024 * 1024;

/**
 * The one gate between the wire and a reader: decides from status and header fields alone whether the body of a 206 is
 * exactly (or contains) what was asked of the pinned representation. Runs before a byte is handed on; any doubt throws.
 *
 * @throws RANGE_IGNORED, RANGE_MISMATCH, BAD_RESPONSE, ENCODED, CHANGED, NO_IDENTITY, AUTH, NOT_FOUND, RATE_LIMITED, REDIRECT or
 * HTTP_STATUS, as an HttpError. A 416 is HTTP_STATUS here: only the caller knows whether the range lies inside the file.
 */
export function verifyResponse(expected: Expectation, head: ResponseHead): VerifiedResponse {
  const exact = verifyExact(expected, head);
  if (exact !== undefined) return exact;
  const span = verifySpan(expected, head);
  return { ...span, wanted: wantedPart(expected, head, span) };
}

/**
 * What nearly every answer is: the span that was asked for, with the size and the very validators that were pinned. Held against that
 * text for text it takes a fifth of the time. Whatever differs in anything is no verdict, and goes the long way.
 */
function verifyExact(
  { ask, pinned, identity }: Expectation,
  head: ResponseHead,
): VerifiedResponse | undefined {
  if (head.status !== 206 || head.filtered || ask.kind !== "span" || pinned?.size === undefined)
    return undefined;
  const { range } = ask;
  const { size: total, validators } = pinned;
  const { headers } = head;
  const length = headers.get("content-length");
  const proven =
    headers.get("content-range") === formatContentRange(range, total) &&
    (length === null || length === String(range.length)) &&
    headers.get("content-encoding") === null &&
    (headers.get("etag") ?? undefined) === validators.etag &&
    (headers.get("last-modified") ?? undefined) === validators.lastModified &&
    (identity !== "strict" || validators.strength === "strong") &&
    range.end <= total;
  if (!proven) return undefined;
  return { validators, unproven: false, body: range, wanted: range, total, lengthDeclared: length !== null };
}

/** All of {@link verifyResponse} but whether the span of the body is the one that was asked for. */
export function verifySpan(expected: AnyExpectation, head: ResponseHead): VerifiedSpan {
  const identity = verifyIdentity(expected, head);
  const placed = placeBody(expected, head);
  checkTotal(expected, placed.total);
  const length = declaredLength(expected, head);
  if (length !== undefined && length !== placed.body.length) {
    const what = `Content-Length ${length} for the ${placed.body.length} bytes of Content-Range`;
    throw refuse(expected, head.status, {
      code: "BAD_RESPONSE",
      got: what,
      advice: "the server or a proxy contradicts itself",
    });
  }
  return { ...placed, ...identity, lengthDeclared: length !== undefined };
}

/** Status, coding and validators: what a 206 must prove wherever the bytes of its body lie. */
export function verifyIdentity(expected: AnyExpectation, head: ResponseHead): VerifiedIdentity {
  if (head.status !== 206) throw refuseStatus(expected, head);
  refuseCoding(expected, head);
  const validators = visibleValidators(head);
  return { validators, unproven: checkIdentity(expected, validators) };
}

/** @throws ENCODED for any content coding: ranges address coded bytes, and a platform may decode without being asked. */
export function refuseCoding(expected: Asked, head: ResponseHead): void {
  const coding = head.headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding === "" || coding === "identity") return;
  const advice =
    "its positions are those of coded bytes; have the server send this file with no Content-Encoding";
  throw refuse(expected, head.status, {
    code: "ENCODED",
    got: `a body coded as ${JSON.stringify(coding.slice(0, 40))}`,
    advice,
  });
}

/** Behind CORS an ETag may be visible and yet prove less, since Content-Range beside it is not: at most weak. */
function visibleValidators(head: ResponseHead): Validators {
  const validators = readValidators(head.headers);
  const hidden = head.filtered && head.headers.get("content-range") === null;
  return hidden && validators.strength === "strong" ? { ...validators, strength: "weak" } : validators;
}

function checkIdentity(expected: AnyExpectation, validators: Validators): boolean {
  const { pinned, identity } = expected;
  const head = { status: 206 };
  if (identity === "ignore") return false;
  const verdict = pinned === undefined ? "same" : compareValidators(pinned.validators, validators);
  // First, since another file is what went wrong, however weakly it is told.
  if (pinned !== undefined && verdict === "changed")
    throw changed(expected, head.status, describeChange(pinned.validators, validators));
  if (identity === "strict" && validators.strength !== "strong") {
    const advice = "identity: 'strict' needs a strong ETag on every answer";
    throw refuse(expected, head.status, {
      code: "NO_IDENTITY",
      got: `a ${validators.strength} identity`,
      advice,
    });
  }
  return verdict === "unproven";
}

interface Placed {
  readonly body: Range;
  readonly total: number | undefined;
}

function placeBody(expected: AnyExpectation, head: ResponseHead): Placed {
  const field = head.headers.get("content-range");
  if (field === null) return placeUnseen(expected, head);
  const parsed: ContentRange | undefined = parseContentRange(field);
  if (parsed?.range === undefined) {
    const got = `Content-Range ${JSON.stringify(field.slice(0, 80))}`;
    throw refuse(expected, head.status, {
      code: "BAD_RESPONSE",
      got,
      advice: "it must be one span of bytes inside one total",
    });
  }
  return { body: parsed.range, total: parsed.total };
}

/** Where a browser hides Content-Range, a declared length equal to the span asked for is the proof that is left. */
function placeUnseen(expected: AnyExpectation, head: ResponseHead): Placed {
  const { ask } = expected;
  if (!head.filtered) {
    const advice = "RFC 9110 section 15.3.7.1 requires it; the position of the bytes cannot be proven";
    throw refuse(expected, head.status, { code: "BAD_RESPONSE", got: "a 206 without Content-Range", advice });
  }
  const length = declaredLength(expected, head);
  if (ask.kind !== "span" || length !== ask.range.length) {
    const advice = "expose it: Access-Control-Expose-Headers: Content-Range, ETag";
    throw refuse(expected, head.status, {
      code: "RANGE_MISMATCH",
      got: "a 206 that hides its Content-Range",
      advice,
    });
  }
  return { body: ask.range, total: undefined };
}

/** Content-Length, where there is one. @throws BAD_RESPONSE for one that is no number. */
export function declaredLength(expected: Asked, head: ResponseHead): number | undefined {
  const field = head.headers.get("content-length");
  if (field === null) return undefined;
  const length = parseDecimal(field.trim());
  if (length !== undefined) return length;
  const got = `Content-Length ${JSON.stringify(field.slice(0, 80))}`;
  throw refuse(expected, head.status, { code: "BAD_RESPONSE", got, advice: "it must be one decimal number" });
}

/** @throws CHANGED for another total than the size that was pinned. */
export function checkTotal(expected: AnyExpectation, total: number | undefined): void {
  const size = expected.pinned?.size;
  if (expected.identity === "ignore" || total === undefined || size === undefined || total === size) return;
  throw changed(expected, 206, `a total of ${total} bytes where ${size} were pinned`);
}

function wantedPart(expected: Expectation, head: ResponseHead, placed: Placed): Range {
  const { body, total } = placed;
  const wanted = expected.ask.kind === "span" ? expected.ask.range.intersection(body) : undefined;
  switch (expected.ask.kind) {
    case "span": {
      const { start, end } = expected.ask.range;
      const waste = Math.max(start - body.start, body.end - end);
      // Starting late leaves a hole; ending early is legal (RFC 9110 section 15.3.7): the rest is asked for again.
      if (wanted === undefined || wanted.isEmpty() || body.start > start || waste > MAX_WASTE_BYTES) break;
      return wanted;
    }
    case "from":
      if (body.start === expected.ask.start) return body;
      break;
    case "suffix":
      // Without a total nothing says that these are the last bytes. One server was seen to answer `-5` with bytes 0-5.
      if (total !== undefined && body.start === Math.max(0, total - expected.ask.length)) return body;
      break;
  }
  const advice = "the server answers other positions than asked; its ranges cannot be trusted";
  throw refuse(expected, head.status, {
    code: "RANGE_MISMATCH",
    got: `bytes ${body}`,
    advice,
    retryable: true,
  });
}
