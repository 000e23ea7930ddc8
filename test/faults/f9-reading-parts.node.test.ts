import { afterEach, describe, expect, it } from "vitest";
import { readParts } from "../../src/source/multi-range.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServerOptions, startRangeServer } from "../../src/testing/range-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { open, type Pair } from "./list-scenario.node.ts";

afterEach(() => expect(originsInUse()).toBe(0));

describe("reading parts", () => {
  const big = patternBytes(300_000, 3);
  const start = async (options: Partial<RangeServerOptions> = {}) => {
    const server = await startRangeServer({ files: { file: big }, ...options });
    return { server, ...(await open(`${server.url}/file`, { maxConnections: 4 })) };
  };
  const many = Array.from({ length: 120 }, (_, index): Pair => [index * 1000 + 5, index * 1000 + 15 + index]);
  const check = (parts: readonly Uint8Array[], ranges: readonly Pair[]): void => {
    expect(parts).toHaveLength(ranges.length);
    for (const [index, range] of ranges.entries())
      expectSameBytes(parts[index] as Uint8Array, big.slice(...range));
  };

  it.each(["rfc9110", "nginx"] as const)(
    "of 120 ranges takes three requests of a server like %s",
    async (profile) => {
      const { server, source } = await start({ profile });
      check(await readParts(source, many), many);
      expect(server.requests).toHaveLength(1 + 3);
      await source.close();
      await server.close();
    },
  );

  it("takes any order, duplicates, overlaps and empty ranges, and asks for what touches as one", async () => {
    const { server, source } = await start();
    const ranges: Pair[] = [
      [500, 600],
      [100, 200],
      [150, 250],
      [250, 300],
      [500, 600],
      [7, 7],
    ];
    const parts = await readParts(source, ranges);
    check(parts, ranges);
    expect(server.requests.map(({ headers }) => headers["range"])).toEqual([
      "bytes=0-9",
      "bytes=100-299,500-599",
    ]);
    parts[0]?.fill(0);
    expectSameBytes(parts[4] as Uint8Array, big.slice(500, 600));
    await source.close();
    await server.close();
  });

  it("of one range, or none, sends no list", async () => {
    const { server, source } = await start();
    check(await readParts(source, [[100, 200]]), [[100, 200]]);
    expect(await readParts(source, [])).toEqual([]);
    expect(server.requests.map(({ headers }) => headers["range"])).toEqual(["bytes=0-9", "bytes=100-199"]);
    await source.close();
    await server.close();
  });

  it("refuses a range outside the file before anything is sent", async () => {
    const { server, source } = await start();
    await expect(
      readParts(source, [
        [0, 10],
        [299_999, 300_001],
      ]),
    ).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    expect(server.requests).toHaveLength(1);
    await source.close();
    await server.close();
  });

  it("rejects with the reason of its signal, and with CLOSED, and leaves no connection behind", async () => {
    const { server, source } = await start({ bytesPerSecond: 20_000 });
    const wide: Pair[] = [
      [0, 100_000],
      [150_000, 290_000],
    ];
    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = readParts(source, wide, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(aborted).rejects.toBe(reason);
    const closed = readParts(source, wide);
    setTimeout(() => void source.close(), 50);
    await expect(closed).rejects.toMatchObject({ code: "CLOSED" });
    await expect(readParts(source, wide)).rejects.toMatchObject({ code: "CLOSED" });
    await expect.poll(() => server.connections).toBe(0);
    await server.close();
  });

  it("fails as a whole when one of its single ranges does", async () => {
    const gone = {
      name: "status",
      status: 404,
      on: (request: { headers: Record<string, string> }) => request.headers["range"] === "bytes=7005-7021",
    };
    const { server, source } = await start({ maxRanges: 1, misbehave: gone as never });
    await expect(readParts(source, many)).rejects.toMatchObject({ code: "CHANGED" });
    await source.close();
    await server.close();
  });
});
