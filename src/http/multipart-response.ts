import type { Expectation, ResponseHead } from "./expectation.ts";
import { parseBoundary } from "./multipart-boundary.ts";
import type { ListAsk, RangeAsk } from "./range-header.ts";
import { refuse } from "./refusal.ts";
import {
  checkTotal,
  type VerifiedIdentity,
  type VerifiedSpan,
  verifyIdentity,
  verifySpan,
} from "./verify-response.ts";

/** What a right answer to a list of ranges is: several parts, or one span (RFC 9110 section 15.3.7). */
export type ListAnswer =
  | ({ readonly kind: "parts"; readonly boundary: string } & VerifiedIdentity)
  | ({ readonly kind: "span" } & VerifiedSpan);

/**
 * The boundary of a 206 whose body is parts; undefined for any other answer. One with a Content-Range of its own is not a body
 * of parts, whatever its type.
 */
export function boundaryOf(head: ResponseHead): string | undefined {
  if (head.status !== 206 || head.headers.get("content-range") !== null) return undefined;
  return parseBoundary(head.headers.get("content-type") ?? "");
}

/**
 * The gate for an answer to several ranges, from status and header fields alone. Where the bytes lie, each part says itself.
 *
 * @throws as `verifyResponse`; RANGE_MISMATCH also for a single span that holds nothing of what was asked.
 */
export function verifyList(expected: Expectation<ListAsk>, head: ResponseHead): ListAnswer {
  const boundary = boundaryOf(head);
  if (boundary !== undefined) return { kind: "parts", boundary, ...verifyIdentity(expected, head) };
  const span = verifySpan(expected, head);
  if (expected.ask.ranges.some((range) => range.overlaps(span.body))) return { kind: "span", ...span };
  const advice = "the server answers other positions than asked; its ranges cannot be trusted";
  throw refuse(expected, head.status, { code: "RANGE_MISMATCH", got: `bytes ${span.body}`, advice });
}

/** What a part says of the whole, and what the parts before it said. */
export interface PartTotals {
  readonly total: number | undefined;
  readonly known: number | undefined;
}

/**
 * The total that the parts of one answer agree on so far.
 *
 * @throws CHANGED where it is not the size that was pinned, BAD_RESPONSE where two parts differ.
 */
export function checkPartTotal(
  expected: Expectation<RangeAsk | ListAsk>,
  { total, known }: PartTotals,
): number | undefined {
  checkTotal(expected, total);
  if (total === undefined || known === undefined || total === known) return total ?? known;
  const got = `parts of ${known} and of ${total} bytes in all`;
  const advice = "the server or a proxy mixes two files";
  throw refuse(expected, 206, { code: "BAD_RESPONSE", got, advice });
}
