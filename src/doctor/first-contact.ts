import { HttpError } from "../errors.ts";
import { parseContentRange } from "../http/content-range.ts";
import { parseDecimal } from "../http/decimal.ts";
import type { RangeAsk } from "../http/range-header.ts";
import { refuseStatus } from "../http/refuse-status.ts";
import { Range } from "../ranges/range.ts";
import { judgeRange, seeOutcome } from "./judge-answer.ts";
import type { RangeSeen, Seen } from "./observations.ts";
import type { Answer, Prober } from "./prober.ts";

/**
 * What the first probe asks for: enough that a server which caps its answers shows it, and a small part of what a probe may take.
 * *Unmeasured*.
 */
const FIRST: Range = new Range(0, 16 * 1024);

/** Statuses by which servers were seen to refuse a range of a file that they have. */
const RANGE_REFUSED: ReadonlySet<number> = new Set([400, 405, 416, 501]);

/** What the first contact settled. */
export interface FirstContact {
  readonly first: RangeSeen;
  readonly empty: boolean;
  readonly plain: Seen | undefined;
  readonly filtered: boolean;
}

/**
 * Asks for the beginning of the file; where that is refused, for the file without a range, whose body is left.
 *
 * @throws NETWORK, TIMEOUT, AUTH, NOT_FOUND, RATE_LIMITED, REDIRECT, BAD_RESPONSE or HTTP_STATUS where there is nothing to diagnose.
 */
export async function probeFirst(prober: Prober): Promise<FirstContact> {
  const ask = { kind: "span", range: FIRST } as const;
  const answer = await prober.send({ ask });
  if (answer instanceof HttpError) throw answer;
  const first = judgeRange(answer, { ask: hiddenAsk(answer) ?? ask, url: prober.name });
  const settled = { first, plain: undefined, filtered: answer.filtered };
  if (answer.status === 206) return { ...settled, empty: false };
  if (answer.status === 200) return { ...settled, empty: holdsNothing(answer) };
  if (answer.status === 416 && totalOf(answer) === 0) return { ...settled, empty: true };
  const refusal = refuseStatus({ url: prober.name, ask, identity: "verify" }, answer);
  if (!RANGE_REFUSED.has(answer.status)) throw refusal;
  const whole = await prober.send({});
  if (whole instanceof HttpError || whole.status !== 200) throw refusal;
  return { ...settled, plain: seeOutcome("GET", whole), empty: holdsNothing(whole) };
}

/** Where CORS hides Content-Range, a file shorter than what was asked for shows only in the Content-Length, which is never hidden. */
function hiddenAsk({ status, filtered, headers }: Answer): RangeAsk | undefined {
  const length = parseDecimal(headers.get("content-length")?.trim() ?? "");
  const hidden = status === 206 && filtered && headers.get("content-range") === null;
  if (!hidden || length === undefined || length === 0 || length > FIRST.length) return undefined;
  return { kind: "span", range: new Range(0, length) };
}

/** Servers ignore or refuse a range of an empty file (Go's, nginx and Apache do), and may. */
function holdsNothing({ headers, body }: Answer): boolean {
  const length = headers.get("content-length");
  if (length !== null) return parseDecimal(length.trim()) === 0;
  return body.ended && body.bytes.byteLength === 0;
}

function totalOf({ headers }: Answer): number | undefined {
  return parseContentRange(headers.get("content-range") ?? "")?.total;
}
