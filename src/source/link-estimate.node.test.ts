import { afterEach, describe, expect, it } from "vitest";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { type RangeServer, type RangeServerOptions, startRangeServer } from "../testing/range-server.node.ts";
import { resolveHttpSettings } from "./http-options.ts";
import type { HttpSource } from "./http-source.ts";
import { Meter } from "./meter.ts";
import { openHttpSource } from "./open-http-source.ts";

const file = patternBytes(8 * 1024 * 1024, 5);
const PROBE = { ask: { kind: "from", start: 0 }, exact: false } as const;

let server: RangeServer | undefined;
let source: HttpSource | undefined;
afterEach(async () => {
  await source?.close();
  await server?.close();
});

interface Asked {
  readonly client?: typeof fetch | undefined;
  readonly policy?: string;
  readonly maxConnections?: number;
}

async function open(profile: Partial<RangeServerOptions>, asked: Asked = {}): Promise<HttpSource> {
  server = await startRangeServer({ files: { file }, ...profile });
  const settings = resolveHttpSettings(`${server.url}/file`, asked, new Meter());
  const opening = await openHttpSource(settings, PROBE, undefined);
  opening.first?.body.cancel();
  source = opening.source;
  return source;
}

/** The truth lies between what the server was told and what was seen from outside, where a busy machine has its share. */
function expectBetween(got: number, one: number, other: number): void {
  expect(got).toBeGreaterThan(Math.min(one, other) / 1.5);
  expect(got).toBeLessThan(Math.max(one, other) * 1.5);
}

async function clock(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

describe("the link of an http source", () => {
  it.each([
    ["node:http", undefined],
    ["fetch", globalThis.fetch],
  ])("is known within a factor of 1.5 after a few reads over %s", async (_, client) => {
    const from = await open({ latencyMs: 50, bytesPerSecond: 4e6 }, { client });
    const times: number[] = [];
    for (let index = 0; index < 8; index++) {
      times.push(await clock(() => from.read([index * 100, index * 100 + 100])));
    }
    const ms = await clock(() => from.read([0, 2 * 1024 * 1024]));
    const { latencyMs, bytesPerSecond, measured } = from.linkEstimate();
    expect(measured).toBe(true);
    expectBetween(latencyMs, 50, times.sort((one, other) => one - other)[4] ?? 0);
    expectBetween(bytesPerSecond, 4e6, (2 * 1024 * 1024 * 1000) / ms);
  });

  it("knows within a factor of 1.5 what all connections give together", async () => {
    const from = await open({ latencyMs: 10, bytesPerSecond: 4e6, linkBytesPerSecond: 10e6 });
    await from.read([0, 2 * 1024 * 1024]);
    const starts = Array.from({ length: 8 }, (_, index) => index * 1024 * 1024);
    const readAll = () => Promise.all(starts.map((start) => from.read([start, start + 512 * 1024])));
    await readAll();
    const ms = await clock(readAll);
    expectBetween(from.linkEstimate().totalBytesPerSecond, 10e6, (8 * 512 * 1024 * 1000) / ms);
  });

  it("tells how many connections wait for work, and how many there may be", async () => {
    const from = await open({});
    const ranges = [0, 1, 2].map((index) => [index * 1000, index * 1000 + 1000] as const);
    await Promise.all(ranges.map((range) => from.read(range)));
    await expect.poll(() => from.linkEstimate().idle).toBe(3);
    expect(from.linkEstimate().connections).toBe(32);
  });

  it.each([
    ["fast", undefined, undefined, 100],
    ["fast", globalThis.fetch, undefined, 100],
    ["balanced", globalThis.fetch, undefined, 32],
    ["fast", undefined, 5, 5],
  ])(
    "has, with `%s` over %o and a limit of %o, %i at most",
    async (policy, client, maxConnections, connections) => {
      const from = await open(
        {},
        { policy, client, ...(maxConnections === undefined ? {} : { maxConnections }) },
      );
      expect(from.linkEstimate().connections).toBe(connections);
    },
  );
});
