import { describe, expect, it } from "vitest";
import { parseContentRange } from "./content-range.ts";
import { parseDecimal } from "./decimal.ts";
import { parseBoundary } from "./multipart-boundary.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { compareValidators, isStrongEntityTag, readValidators } from "./validators.ts";

const MEGABYTE = 1_000_000;
const long = (unit: string): string => unit.repeat(Math.ceil(MEGABYTE / unit.length)).slice(0, MEGABYTE);
/** What makes a backtracking parser slow: repetition of whatever a rule may begin, separate or end with. */
const values = [
  "9",
  " ",
  "\t",
  "-",
  "/",
  "*",
  '"',
  "\\",
  '\\"',
  ";",
  "=",
  ",",
  "a",
  "W/",
  "0-0/",
  "bytes ",
  "b=",
  ' ="',
  "\u00ff",
].flatMap((unit) => [
  long(unit),
  `bytes ${long(unit)}`,
  `bytes 0-9/${long(unit)}`,
  `"${long(unit)}"`,
  `W/"${long(unit)}`,
  `multipart/byteranges; boundary=${long(unit)}`,
  `multipart/byteranges; boundary="${long(unit)}`,
  `multipart/byteranges${long(`;${unit}`)}`,
  `Wed, 21 Oct ${long(unit)}`,
]);

/** The quickest of a few runs: a busy machine makes one slow, a bad parser all of them. */
const quickestMs = (run: () => void): number => {
  let quickest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && quickest >= 50; tries++) {
    const startedAt = performance.now();
    run();
    quickest = Math.min(quickest, performance.now() - startedAt);
  }
  return quickest;
};

const parsers: readonly [name: string, parse: (value: string) => unknown][] = [
  ["Content-Range", parseContentRange],
  ["Content-Length", (value) => parseDecimal(value.trim())],
  ["Content-Type", parseBoundary],
  ["Retry-After", (value) => parseRetryAfter(value, 0)],
  ["ETag", isStrongEntityTag],
  [
    "the validators",
    (value) => {
      const validators = readValidators({ get: () => value });
      compareValidators(validators, readValidators({ get: () => `${value}x` }));
    },
  ],
];

describe("a field of a megabyte", () => {
  it.each(parsers)("is parsed or refused in under 50 ms: %s", (_, parse) => {
    for (const value of values) {
      const ms = quickestMs(() => parse(value));
      expect(ms, `${value.slice(0, 40)}… took ${ms} ms`).toBeLessThan(50);
    }
  });
});
