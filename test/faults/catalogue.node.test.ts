import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/**
 * The numbered cases of HTTP ranges in trouble, group F1 to F10, of zips and tars, F11 and F12, of other formats, F13, and of the relay, the
 * command and their surroundings, F14.
 */
const CASES = 228;

/** Cases that have no test here, and why. */
const without: Record<number, string> = {
  18: "HEAD is asked only where CORS hides the size, and a refused one leaves the size a secret",
  70: "bytes that are wrong in the right place show only against a checksum: see the CRC tests of the formats",
  83: "a file replaced in the same second by one of its length, without an ETag, cannot be told apart; the guide says so",
  129: "all clocks are monotonic (performance.now and timers), and a test cannot set back the machine's",
  130: "after a suspension a connection is dead, which is case 65",
  132: "our transports speak HTTP/1.1; HTTP/2 is a matter of the `client` that is passed",
  134: "no request is hedged",
  141: "nobody gives us a size: it is always the server's",
  143: "a live answer without an end has no size to be read by; identity 'ignore' reads files that grow",
};

const titles = (): string[] => {
  const here = new URL(".", import.meta.url);
  const rooms = ["source", "http", "store", "engine"].map((room) => new URL(`../../src/${room}/`, here));
  const folders = [here, new URL("../cli/", here), new URL("../transport/", here), ...rooms];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".test.ts") && !name.startsWith("catalogue"))
      .flatMap((name) => {
        const text = readFileSync(new URL(name, folder), "utf8");
        return [...text.matchAll(/["'`]((?:\d+(?:, )?)+)\. /g)].map(([, numbers]) => numbers as string);
      }),
  );
};

it("has a test or a reason for every case of F1 to F14", () => {
  const tested = new Set(titles().flatMap((numbers) => numbers.split(", ").map(Number)));
  const missing: number[] = [];
  const doubly: number[] = [];
  for (const number of Array.from({ length: CASES }, (_, index) => index + 1)) {
    const excused = Object.hasOwn(without, number);
    if (!tested.has(number) && !excused) missing.push(number);
    if (tested.has(number) && excused) doubly.push(number);
  }
  expect({ missing, doubly }).toEqual({ missing: [], doubly: [] });
});
