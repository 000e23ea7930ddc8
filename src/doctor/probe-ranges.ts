import { HttpError } from "../errors.ts";
import type { Pinned } from "../http/expectation.ts";
import { boundaryOf, verifyList } from "../http/multipart-response.ts";
import { describeAsk, type ListAsk } from "../http/range-header.ts";
import { Range } from "../ranges/range.ts";
import { judgeRange, readParts, seeOutcome } from "./judge-answer.ts";
import type { ListSeen, RangeSeen } from "./observations.ts";
import type { Prober } from "./prober.ts";

/** A few bytes within the first answer, held against it. */
export async function probeAgain(prober: Prober, first: RangeSeen): Promise<RangeSeen> {
  const range = new Range(1, 9).intersection(first.wanted ?? new Range(0, 1));
  const ask = { kind: "span", range: range?.isEmpty() === false ? range : new Range(0, 1) } as const;
  const pinned: Pinned | undefined =
    first.fault === undefined ? { validators: first.validators, size: first.total } : undefined;
  return judgeRange(await prober.send({ ask }), { ask, url: prober.name, pinned });
}

/** The last bytes by `bytes=-n`. */
export async function probeSuffix(prober: Prober, size: number | undefined): Promise<RangeSeen> {
  const ask = { kind: "suffix", length: Math.min(8, size ?? 8) } as const;
  return judgeRange(await prober.send({ ask }), { ask, url: prober.name });
}

/** Two ranges in one request. */
export async function probeList(prober: Prober, size: number): Promise<ListSeen> {
  // Far apart, so that a server has no reason to merge them; a list that exceeds the file is answered with all of it.
  const ask: ListAsk = { kind: "list", ranges: [new Range(0, 1), new Range(size - 1, size)] };
  const outcome = await prober.send({ ask });
  const asked = describeAsk(ask);
  if (outcome instanceof HttpError) return { ...seeOutcome(asked, outcome), parts: false };
  try {
    verifyList({ url: prober.name, ask, identity: "ignore" }, outcome);
    const boundary = boundaryOf(outcome);
    if (boundary === undefined) return { ...seeOutcome(asked, outcome), parts: false };
    const { failure } = outcome.body;
    if (failure !== undefined) return { ...seeOutcome(asked, outcome, failure.code), parts: false };
    const parts = readParts(outcome, { ask, url: prober.name }, boundary);
    const came = parts.map(({ range }) => String(range)).sort();
    const right = String(came) === String(ask.ranges.map(String).sort());
    return { ...seeOutcome(asked, outcome), parts: right };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { ...seeOutcome(asked, outcome, error.code), parts: false };
  }
}
