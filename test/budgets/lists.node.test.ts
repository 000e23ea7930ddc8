import { afterEach, describe, expect, it } from "vitest";
import { capabilitiesOf, type OpenOptions, openSource, type PlannedSource } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import {
  type RangeServer,
  type RangeServerOptions,
  startRangeServer,
} from "../../src/testing/range-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";

const MiB = 1024 * 1024;
const file = patternBytes(12 * MiB, 77);
/** 100 pages of 4 KiB, 120 kB apart. */
const pages = Array.from({ length: 100 }, (_, page) => {
  const start = 40_000 + page * 120_000;
  return [start, start + 4096] as const;
});
const KNOWN = { capabilities: { multiRange: true } };

let server: RangeServer | undefined;
let source: PlannedSource | undefined;
afterEach(async () => {
  await source?.close();
  await server?.close();
});

async function open(options: OpenOptions, profile: Partial<RangeServerOptions> = {}): Promise<PlannedSource> {
  server = await startRangeServer({ files: { file }, ...profile });
  source = await openSource(`${server.url}/file`, { retry: { baseDelayMs: 1 }, ...options });
  return source;
}

/** What was asked for after the opening. */
const asked = (): string[] =>
  (server?.requests ?? []).slice(1).map(({ headers }) => String(headers["range"]));

async function expectPages(from: PlannedSource): Promise<void> {
  const read = await from.readMany(pages);
  for (const [index, [start, end]] of pages.entries())
    expectSameBytes(read[index] ?? new Uint8Array(0), file.subarray(start, end));
}

describe("where a server is known to answer lists of ranges", () => {
  it.each(["lean", "balanced"] as const)(
    "100 pages far apart are 2 requests with `%s`, as the plan says; each once more: none",
    async (policy) => {
      const from = await open({ ...KNOWN, policy }, { latencyMs: 20 });
      const plan = from.plan(pages);
      expect([plan.requests.length, plan.lists?.map((list) => list.length)]).toEqual([0, [50, 50]]);
      await expectPages(from);
      expect(asked().map((field) => field.split(",").length)).toEqual([50, 50]);
      const received = from.receipt.bytesReceived - 32 * 1024;
      expect(received).toBeGreaterThanOrEqual(100 * 4096);
      // Each part has a boundary and two fields around it, which are received as well.
      expect(received).toBeLessThanOrEqual(100 * (4096 + 200));
      expect(from.receipt.ranges.byteLength).toBe(32 * 1024 + 100 * 4096);
      await expectPages(from);
      expect(from.receipt.requests).toBe(3);
    },
  );

  it("reads of one tick are one list; one alone is a plain request", async () => {
    const from = await open({ ...KNOWN, policy: "lean" }, { latencyMs: 20 });
    await Promise.all(pages.slice(0, 3).map((page) => from.read(page)));
    await from.read(pages[9] as readonly [number, number]);
    expect(asked()).toEqual(["bytes=40000-44095,160000-164095,280000-284095", "bytes=1120000-1124095"]);
  });

  it("a read that is aborted takes nothing from the others of its list", async () => {
    const from = await open({ ...KNOWN, policy: "lean" }, { latencyMs: 30 });
    const own = new AbortController();
    const given = from.read(pages[0] as readonly [number, number], { signal: own.signal });
    const kept = from.read(pages[1] as readonly [number, number]);
    const reason = new Error("enough");
    setTimeout(() => own.abort(reason), 5);
    await expect(given).rejects.toBe(reason);
    const [start, end] = pages[1] as readonly [number, number];
    expectSameBytes(await kept, file.subarray(start, end));
    expect(asked()).toHaveLength(1);
    expect(String(from.spans)).not.toContain(String(pages[0]?.[0]));
  });

  it("a server that does not, after all, is asked for single ranges, then and later", async () => {
    const from = await open(KNOWN, { maxRanges: 1 });
    await expectPages(from);
    expect(capabilitiesOf(server?.url as string)?.multiRange).toBe(false);
    const before = asked().length;
    expect(asked().filter((field) => field.includes(","))).toHaveLength(2);
    await from.readMany([
      [11 * MiB + 500_000, 11 * MiB + 500_100],
      [11 * MiB + 900_000, 11 * MiB + 900_100],
    ]);
    expect(
      asked()
        .slice(before)
        .some((field) => field.includes(",")),
    ).toBe(false);
  });

  it("a file that changed meanwhile is CHANGED, and nothing of it is held", async () => {
    const from = await open(KNOWN);
    server?.replace("file", patternBytes(12 * MiB, 78));
    await expect(from.readMany(pages)).rejects.toMatchObject({ code: "CHANGED" });
    expect(from.tryRead(pages[50] as readonly [number, number])).toBeUndefined();
  });

  it("a budget rules them out, as nobody can tell beforehand what goes around each part", async () => {
    const from = await open({ ...KNOWN, maxBytes: 1_000_000, policy: "lean" });
    await expectPages(from);
    expect(asked().some((field) => field.includes(","))).toBe(false);
    expect(from.receipt.bytesReceived).toBeLessThanOrEqual(1_000_000);
  });
});

it("where nothing is known of that, no list is sent", async () => {
  const from = await open({});
  await expectPages(from);
  expect(asked().some((field) => field.includes(","))).toBe(false);
});
