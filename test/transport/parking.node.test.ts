import { afterEach, describe, expect, it } from "vitest";
import { RangeStream } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServer, startRangeServer } from "../../src/testing/range-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";

let server: RangeServer;
afterEach(() => server.close());

/** Waits until a count holds, or gives up after two seconds. */
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !holds(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
};

describe("half-read bodies", () => {
  it("never starve another read: 1,000 overlapping ranges over 6 connections", async () => {
    const file = patternBytes(64 * 1024 * 1024, 3);
    server = await startRangeServer({ files: { file } });
    const stream = await RangeStream.open(`${server.url}/file`, { maxConnections: 6 });
    // Each half overlaps the next, and is far larger than what may be taken in at once: its connection must be parked.
    const handles = Array.from({ length: 1000 }, (_, index) => {
      const start = index * 60_000 + 40_000;
      return { start, handle: stream.add([start, start + 120_000]) };
    });
    await Promise.all(
      handles.map(async ({ start, handle }) => {
        const half = Math.floor(handle.remaining.length / 2);
        expectSameBytes(await handle.read(half), file.slice(start, start + half));
      }),
    );
    expect(server.peakConnections).toBeLessThanOrEqual(6);
    for (const { start, handle } of handles.slice(0, 20)) {
      const from = start + handle.tell();
      const { length } = handle.remaining;
      expectSameBytes(await handle.read(), file.slice(from, from + length));
    }
    expect(server.peakConnections).toBeLessThanOrEqual(6);
    await stream.close();
    await until(() => server.connections === 0);
    expect(server.connections).toBe(0);
    expect(originsInUse()).toBe(0);
  }, 60_000);

  it("do not deadlock a reader that reads one inside another, on one connection", async () => {
    const file = patternBytes(4 * 1024 * 1024, 4);
    server = await startRangeServer({ files: { file } });
    await using stream = await RangeStream.open(`${server.url}/file`, { maxConnections: 1, cache: false });
    const outer = stream.add([0, 2_000_000]);
    const inner = stream.add([2_000_000, 4_000_000]);
    let position = 0;
    for await (const chunk of outer) {
      expectSameBytes(chunk, file.slice(position, position + chunk.byteLength));
      position += chunk.byteLength;
      if (position < 1_500_000) await inner.read(10);
    }
    expect(position).toBe(2_000_000);
    expect(server.peakConnections).toBe(1);
  }, 30_000);

  it("hold the server back: of 64 MiB hardly more is sent than was read", async () => {
    server = await startRangeServer({ files: { file: patternBytes(64 * 1024 * 1024, 5) } });
    await using stream = await RangeStream.open(`${server.url}/file`);
    const whole = stream.add([0, 64 * 1024 * 1024]);
    await whole.read(10);
    await whole.read(100_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const sent = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });
});
