import { afterEach, describe, expect, it } from "vitest";
import { openForStream, openSource } from "../../src/open.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import {
  type RangeServer,
  type RangeServerOptions,
  startRangeServer,
} from "../../src/testing/range-server.node.ts";

const file = patternBytes(200_000, 1);
let server: RangeServer | undefined;
const start = async (options: Partial<RangeServerOptions> = {}): Promise<RangeServer> => {
  server = await startRangeServer({
    files: { file, empty: new Uint8Array(0), small: file.slice(0, 11) },
    ...options,
  });
  return server;
};
afterEach(async () => {
  await server?.close();
  expect(originsInUse()).toBe(0);
});

describe("openSource over HTTP", () => {
  it("opens with one ranged GET, holds the probe, and reads the rest exactly", async () => {
    const { url, requests } = await start();
    await using source = await openSource(`${url}/file`, { policy: "lean" });
    expect(requests.map(({ method, range }) => [method, range])).toEqual([["GET", "bytes=0-32767"]]);
    expect(source.size).toBe(200_000);
    expect(source.identity.strength).toBe("strong");
    expect(await source.read([10, 20])).toEqual(file.slice(10, 20));
    expect(requests).toHaveLength(1);
    expect(await source.read([100_000, 100_010])).toEqual(file.slice(100_000, 100_010));
    expect(requests.at(-1)?.range).toBe("bytes=100000-100009");
    expect(await source.read([-3])).toEqual(file.slice(-3));
    expect(source.receipt).toMatchObject({ requests: 3, bytesReceived: 32_768 + 13, bytesWanted: 23 });
  });

  it("opens small and empty files", async () => {
    const { url, requests } = await start();
    await using small = await openSource(`${url}/small`);
    expect(small.size).toBe(11);
    await using empty = await openSource(`${url}/empty`);
    expect(empty.size).toBe(0);
    expect(await empty.read([0, 0])).toEqual(new Uint8Array(0));
    expect(requests).toHaveLength(2);
    await using tail = await openSource(`${url}/small`, { probe: { suffix: 65536 } });
    expect(await tail.read([0, 11])).toEqual(file.slice(0, 11));
    expect(requests).toHaveLength(3);
  });

  it("streams with back-pressure over the whole file", async () => {
    const { url } = await start();
    await using source = await openSource(`${url}/file`);
    const bytes = new Uint8Array(await new Response(source.stream()).arrayBuffer());
    expect(bytes).toEqual(file);
  });

  it("keeps the first answer for the first stream", async () => {
    const { url, requests } = await start();
    const { source, range } = await openForStream(`${url}/small`, { range: [0, 3] });
    expect(range?.toString()).toBe("[0, 3)");
    expect(new Uint8Array(await new Response(source.stream([0, 3])).arrayBuffer())).toEqual(file.slice(0, 3));
    expect(requests.map(({ range }) => range)).toEqual(["bytes=0-2"]);
    await source.close();
  });

  it("single mode reads everything from one request", async () => {
    const { url, requests } = await start();
    const { source } = await openForStream(`${url}/file`, { mode: "single" });
    expect(await source.read([100_000, 100_010])).toEqual(file.slice(100_000, 100_010));
    expect(await source.read([5, 10])).toEqual(file.slice(5, 10));
    expect(requests.map(({ range }) => range)).toEqual(["bytes=0-"]);
    await source.close();
  });

  it.each([
    ["ignores-range", "RANGE_IGNORED"],
    ["wrong-range", "RANGE_MISMATCH"],
    ["no-content-range", "BAD_RESPONSE"],
    ["gzips", "ENCODED"],
  ] as const)("refuses a server that %s", async (misbehave, code) => {
    const { url } = await start({ misbehave });
    await expect(openSource(`${url}/file`)).rejects.toMatchObject({ code });
  });

  it("heals a short body", async () => {
    const { url } = await start({ misbehave: { name: "short-body", times: 1 } as never });
    await using source = await openSource(`${url}/file`, { retry: { baseDelayMs: 1 } });
    expect(await source.read([0, 100])).toEqual(file.slice(0, 100));
    expect(source.receipt.retries).toBe(1);
  });
});
