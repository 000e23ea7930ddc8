import { type ErrorCode, HttpError } from "../errors.ts";
import type { Pinned } from "../http/expectation.ts";
import type { HeaderFields } from "../http/header-fields.ts";
import { MultipartByteranges } from "../http/multipart-byteranges.ts";
import { boundaryOf } from "../http/multipart-response.ts";
import { describeAsk, type ListAsk, type RangeAsk } from "../http/range-header.ts";
import { readValidators } from "../http/validators.ts";
import { refuseCoding, verifyResponse } from "../http/verify-response.ts";
import type { Range } from "../ranges/range.ts";
import type { RangeSeen, Seen } from "./observations.ts";
import type { Answer, Outcome } from "./prober.ts";
import type { TakenBody } from "./take-body.ts";

/** The fields that rules look at. */
const FIELDS = [
  "accept-ranges",
  "access-control-allow-headers",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
  "location",
  "retry-after",
  "server",
  "vary",
  "x-goog-stored-content-encoding",
] as const;
/** A field this long has been seen only where something is wrong; *unmeasured*. CORS lists are longer than most. */
const MAX_FIELD_LENGTH = 1000;

/** What a probe asked, and what its answer is held against. */
export interface JudgedAsk<Ask = RangeAsk> {
  readonly ask: Ask;
  /** For messages; secrets removed. */
  readonly url: string;
  /** Undefined compares nothing. */
  readonly pinned?: Pinned | undefined;
}

/** An outcome as plain data; `fault` is given where the answer's own status does not say all. */
export function seeOutcome(asked: string, outcome: Outcome, fault?: ErrorCode): Seen {
  if (outcome instanceof HttpError) return { asked, status: undefined, fault: outcome.code, fields: {} };
  return { asked, status: outcome.status, fault, fields: pickFields(outcome.headers) };
}

/** Holds the answer to one range against what a source would demand of it. */
export function judgeRange(outcome: Outcome, { ask, url, pinned }: JudgedAsk): RangeSeen {
  const asked = describeAsk(ask);
  const range = ask.kind === "span" ? ask.range : undefined;
  if (outcome instanceof HttpError) return { ...withoutSpan(seeOutcome(asked, outcome), outcome), range };
  try {
    const boundary = boundaryOf(outcome);
    if (boundary !== undefined) return { ...judgePart(outcome, { ask, url }, boundary), range };
    const identity = pinned === undefined ? "ignore" : "verify";
    const verified = verifyResponse({ url, ask, pinned, identity }, outcome);
    const { body: span, total, validators, unproven, wanted } = verified;
    const { bytes } = outcome.body;
    const body = compareLength(outcome.body, span);
    const seen = seeOutcome(asked, outcome);
    return { ...seen, range, span, wanted, total, validators, unproven, asPart: false, body, bytes };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { ...withoutSpan(seeOutcome(asked, outcome, error.code), outcome), range };
  }
}

function withoutSpan(seen: Seen, outcome: Outcome): Omit<RangeSeen, "range"> {
  const failed = outcome instanceof HttpError;
  return {
    ...seen,
    span: undefined,
    wanted: undefined,
    total: undefined,
    validators: failed ? { strength: "none" } : readValidators(outcome.headers),
    unproven: false,
    asPart: false,
    body: "left",
    bytes: failed ? new Uint8Array() : outcome.body.bytes,
  };
}

/** A source takes a single range that comes as a part, if it is exactly one. */
function judgePart(answer: Answer, { ask, url }: JudgedAsk, boundary: string): Omit<RangeSeen, "range"> {
  const asked = describeAsk(ask);
  const [part, ...others] = readParts(answer, { ask, url }, boundary);
  const fits =
    part !== undefined &&
    others.length === 0 &&
    (ask.kind !== "span" || part.range.start === ask.range.start);
  if (!fits) return withoutSpan(seeOutcome(asked, answer, "BAD_RESPONSE"), answer);
  const { range: span, total, bytes } = part;
  const wanted = ask.kind === "span" ? ask.range.intersection(span) : span;
  const validators = readValidators(answer.headers);
  const seen = seeOutcome(asked, answer);
  return { ...seen, span, wanted, total, validators, unproven: false, asPart: true, body: "whole", bytes };
}

/** One part of a multipart body, whole. */
export interface PartSeen {
  readonly range: Range;
  readonly total: number | undefined;
  readonly bytes: Uint8Array;
}

/**
 * The parts of a short multipart body.
 *
 * @throws BAD_RESPONSE, SHORT_BODY and ENCODED.
 */
export function readParts(
  answer: Answer,
  asked: JudgedAsk<RangeAsk | ListAsk>,
  boundary: string,
): PartSeen[] {
  refuseCoding(asked, answer);
  const reader = new MultipartByteranges(boundary, asked);
  const parts: { range: Range; total: number | undefined; bytes: Uint8Array }[] = [];
  let open: { range: Range; total: number | undefined; bytes: Uint8Array } | undefined;
  for (const event of reader.push(answer.body.bytes)) {
    if (event.kind === "part") {
      // A part that says it is longer than all that was taken cannot be whole.
      const length = Math.min(event.range.length, answer.body.bytes.byteLength);
      open = { range: event.range, total: event.total, bytes: new Uint8Array(length) };
    } else if (event.kind === "data") {
      open?.bytes.set(event.bytes, event.at - (open?.range.start ?? 0));
    } else if (open !== undefined) {
      parts.push(open);
    }
  }
  reader.finish();
  return parts;
}

function compareLength({ bytes, ended, failure }: TakenBody, span: Range): RangeSeen["body"] {
  if (bytes.byteLength > span.length) return "long";
  if (bytes.byteLength === span.length) return "whole";
  return ended || failure !== undefined ? "short" : "left";
}

/** Whether two answers agree on the bytes that both of them hold. */
export function agree(one: RangeSeen, other: RangeSeen): boolean {
  const both =
    one.span === undefined || other.span === undefined ? undefined : one.span.intersection(other.span);
  if (both === undefined) return true;
  for (let position = both.start; position < both.end; position++) {
    const [a, b] = [byteAt(one, position), byteAt(other, position)];
    if (a !== undefined && b !== undefined && a !== b) return false;
  }
  return true;
}

function byteAt({ span, bytes }: RangeSeen, position: number): number | undefined {
  return bytes[position - (span?.start ?? 0)];
}

/** The header fields that rules look at. */
export function pickFields(headers: HeaderFields): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of FIELDS) {
    const value = headers.get(name);
    if (value !== null) picked[name] = value.slice(0, MAX_FIELD_LENGTH);
  }
  return picked;
}
