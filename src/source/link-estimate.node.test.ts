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

async function open(profile: Partial<RangeServerOptions>, client?: typeof fetch): Promise<HttpSource> {
  server = await startRangeServer({ files: { file }, ...profile });
  const settings = resolveHttpSettings(`${server.url}/file`, { client }, new Meter());
  const opening = await openHttpSource(settings, PROBE, undefined);
  await opening.first?.stream.cancel();
  source = opening.source;
  return source;
}

function expectWithin(got: number, wanted: number, factor: number): void {
  expect(got / wanted).toBeGreaterThan(1 / factor);
  expect(got / wanted).toBeLessThan(factor);
}

describe("the link of an http source", () => {
  it.each([
    ["node:http", undefined],
    ["fetch", globalThis.fetch],
  ])("is known within a factor of 1.5 after a few reads over %s", async (_, client) => {
    const from = await open({ latencyMs: 40, bytesPerSecond: 4e6 }, client);
    for (let index = 0; index < 6; index++) await from.read([index * 100, index * 100 + 100]);
    await from.read([0, 2 * 1024 * 1024]);
    const { latencyMs, bytesPerSecond, measured } = from.linkEstimate();
    expect(measured).toBe(true);
    expectWithin(latencyMs, 40, 1.5);
    expectWithin(bytesPerSecond, 4e6, 1.5);
  });

  it("knows within a factor of 1.5 what all connections give together", async () => {
    const from = await open({ latencyMs: 10, bytesPerSecond: 4e6, linkBytesPerSecond: 10e6 });
    await from.read([0, 2 * 1024 * 1024]);
    const pieces = Array.from({ length: 8 }, (_, index) => index * 1024 * 1024);
    await Promise.all(pieces.map((start) => from.read([start, start + 512 * 1024])));
    expectWithin(from.linkEstimate().bytesPerSecond, 4e6, 1.5);
    expectWithin(from.linkEstimate().totalBytesPerSecond, 10e6, 1.5);
  });

  it("tells how many connections wait for work, and how many there may be", async () => {
    const from = await open({});
    const ranges = [0, 1, 2].map((index) => [index * 1000, index * 1000 + 1000] as const);
    await Promise.all(ranges.map((range) => from.read(range)));
    await expect.poll(() => from.linkEstimate().idle).toBe(3);
    expect(from.linkEstimate().connections).toBe(16);
  });
});
