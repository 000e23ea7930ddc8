import type { OpenOptions } from "../../src/index.ts";
import type { MisbehaviourRule } from "../../src/testing/misbehaviours.ts";
import { Random } from "./random.ts";

/** One thing that a program does; positions are of the file. */
export type Action =
  | { readonly do: "read"; readonly range: Span; readonly abortMs: number | undefined }
  | { readonly do: "readMany"; readonly ranges: readonly Span[]; readonly abortMs: number | undefined }
  | {
      readonly do: "stream";
      readonly range: Span;
      readonly stopAfter: number;
      readonly abortMs: number | undefined;
    }
  | { readonly do: "add"; readonly range: Span; readonly reads: readonly number[]; readonly seek: number }
  | { readonly do: "change" }
  | { readonly do: "together"; readonly actions: readonly Action[] };

export type Span = readonly [start: number, end: number];

/** A session: a file, a server that fails as planned, and what is asked of it. */
export interface Program {
  readonly size: number;
  readonly faults: readonly MisbehaviourRule[];
  readonly options: OpenOptions;
  readonly actions: readonly Action[];
}

/** What may happen to one request. Each must be healed, or end in a typed error. */
const FAULTS: readonly ((random: Random) => Omit<MisbehaviourRule, "after" | "times">)[] = [
  (random) => ({ name: "status", status: random.pick([408, 429, 500, 502, 503, 504]) }),
  () => ({ name: "status", status: 503, retryAfter: "0" }),
  (random) => ({ name: "status", status: random.pick([400, 403, 404, 412, 416, 501]) }),
  () => ({ name: "drops-before-headers" }),
  (random) => ({ name: "drops-mid-body", bytes: random.whole(0, 3000) }),
  (random) => ({ name: "short-body", bytes: random.whole(0, 3000) }),
  (random) => ({ name: "stalls", bytes: random.whole(0, 3000) }),
  () => ({ name: "silent" }),
  () => ({ name: "chunked" }),
  () => ({ name: "close-delimited" }),
  () => ({ name: "connection-close" }),
  () => ({ name: "wrong-range" }),
  () => ({ name: "short-range" }),
  () => ({ name: "superset-range" }),
  () => ({ name: "no-content-range" }),
  () => ({ name: "no-total" }),
  () => ({ name: "wrong-total" }),
  () => ({ name: "duplicate-content-range" }),
  () => ({ name: "gzips" }),
  () => ({ name: "ignores-range" }),
  () => ({ name: "redirects" }),
  () => ({ name: "etag-vanishes" }),
  () => ({ name: "etag-changes" }),
  () => ({ name: "weak-etag" }),
  () => ({ name: "no-validators" }),
  () => ({ name: "slow-headers", ms: 15 }),
  () => ({ name: "slow-first-byte", ms: 15 }),
];

/** The program of a seed, always the same. */
export function programOf(seed: number): Program {
  const random = new Random(seed);
  const size = random.pick([1, 100, 5_000, 40_000, 200_000]);
  return {
    size,
    faults: faultsOf(random),
    options: optionsOf(random),
    actions: Array.from({ length: random.whole(1, 12) }, () => actionOf(random, size, 0)),
  };
}

function faultsOf(random: Random): MisbehaviourRule[] {
  const density = random.pick([0, 0.1, 0.3, 0.7]);
  const faults: MisbehaviourRule[] = [];
  for (let request = 0; request < 60; request++) {
    if (random.chance(density)) faults.push({ ...random.pick(FAULTS)(random), after: request, times: 1 });
  }
  return faults;
}

function optionsOf(random: Random): OpenOptions {
  return {
    cache: random.pick([false, { maxBytes: 3000 }, { maxBytes: 1_000_000 }]),
    maxConnections: random.pick([1, 2, 6]),
    identity: random.pick(["verify", "verify", "strict"]),
    ifRangesIgnored: random.pick(["throw", "throw", "download"]),
    probe: random.pick([[0, 100], [0, 32_768], { suffix: 1000 }]),
    retry: random.pick([false, { attempts: 3, baseDelayMs: 1, maxDelayMs: 4 }]),
    timeouts: { connectMs: 500, headersMs: 40, idleMs: 40, totalMs: 2000 },
  };
}

function actionOf(random: Random, size: number, depth: number): Action {
  const abortMs = random.chance(0.2) ? random.pick([0, 1, 5, 15]) : undefined;
  switch (random.pick(["read", "read", "readMany", "stream", "add", "together", "change"])) {
    case "read":
      return { do: "read", range: spanOf(random, size), abortMs };
    case "readMany": {
      const ranges = Array.from({ length: random.whole(0, 8) }, () => spanOf(random, size));
      return { do: "readMany", ranges, abortMs };
    }
    case "stream":
      return {
        do: "stream",
        range: spanOf(random, size),
        stopAfter: random.pick([0, 10, 5000, 1e9]),
        abortMs,
      };
    case "add": {
      const reads = Array.from({ length: random.whole(0, 4) }, () => random.pick([0, 1, 100, 10_000]));
      return { do: "add", range: spanOf(random, size), reads, seek: random.whole(0, 50) };
    }
    case "together": {
      if (depth > 0) return { do: "read", range: spanOf(random, size), abortMs };
      const actions = Array.from({ length: random.whole(2, 5) }, () => actionOf(random, size, depth + 1));
      return { do: "together", actions };
    }
    default:
      return random.chance(0.3) ? { do: "change" } : { do: "read", range: spanOf(random, size), abortMs };
  }
}

function spanOf(random: Random, size: number): Span {
  const start = random.whole(0, size);
  const length = random.pick([0, 1, 50, 3000, 100_000]);
  return [start, Math.min(size, start + length)];
}
