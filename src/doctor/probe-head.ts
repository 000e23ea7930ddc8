import { HttpError } from "../errors.ts";
import { parseDecimal } from "../http/decimal.ts";
import { seeOutcome } from "./judge-answer.ts";
import type { HeadSeen } from "./observations.ts";
import type { Prober } from "./prober.ts";

/** A HEAD, which we never need and others begin with. Without Range, which is defined for GET alone (RFC 9110 section 14.2). */
export async function probeHead(prober: Prober): Promise<HeadSeen> {
  const outcome = await prober.send({ method: "HEAD" });
  const seen = seeOutcome("HEAD", outcome);
  const length = outcome instanceof HttpError ? null : outcome.headers.get("content-length");
  return { ...seen, length: length === null ? undefined : parseDecimal(length.trim()) };
}
