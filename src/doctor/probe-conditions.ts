import { Range } from "../ranges/range.ts";
import { judgeRange } from "./judge-answer.ts";
import type { RangeSeen } from "./observations.ts";
import type { Prober } from "./prober.ts";

const ASK = { kind: "span", range: new Range(0, 1) } as const;
/** Of no file. */
const WRONG_ETAG = '"no-such-version-b7d1f0"';

/** Answers to conditional requests, with the right ETag and with a wrong one. */
export interface ConditionsSeen {
  readonly right: RangeSeen;
  readonly wrong: RangeSeen;
}

/** If-Match or If-Range, each with the ETag of the file and with another. */
export async function probeCondition(
  prober: Prober,
  name: "if-match" | "if-range",
  etag: string,
): Promise<ConditionsSeen> {
  const probe = async (value: string): Promise<RangeSeen> =>
    judgeRange(await prober.send({ ask: ASK, fields: { [name]: value } }), { ask: ASK, url: prober.name });
  return { right: await probe(etag), wrong: await probe(WRONG_ETAG) };
}

/** The same range for a client that takes coded answers. */
export async function probeCoding(prober: Prober): Promise<RangeSeen> {
  const fields = { "accept-encoding": "gzip, br" };
  return judgeRange(await prober.send({ ask: ASK, fields }), { ask: ASK, url: prober.name });
}
