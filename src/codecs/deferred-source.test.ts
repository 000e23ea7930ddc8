import { describe, expect, it } from "vitest";
import { drain } from "../../test/zip/drain.ts";
import { recordedSource } from "../../test/zip/recorded-source.ts";
import { openSource } from "../open.ts";
import type { Range } from "../ranges/range.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { type Deferral, deferSource } from "./deferred-source.ts";

const BYTES = patternBytes(300_000, 9);

/** A deferred source over those bytes, and what it was opened with. */
function deferred(changes: Partial<Deferral> = {}) {
  const probes: string[] = [];
  const beneath = recordedSource(BYTES, "file");
  const open = async (probe: Range) => {
    probes.push(String(probe));
    return openSource(beneath);
  };
  const identity = { strength: "strong" } as const;
  return {
    probes,
    beneath,
    source: deferSource({ name: "file", size: BYTES.length, identity, open, ...changes }),
  };
}

describe("deferSource", () => {
  it("sends nothing before the first read, and then opens with what that wants", async () => {
    const { source, probes } = deferred();
    expect([source.name, source.size, source.identity.strength]).toEqual(["file", 300_000, "strong"]);
    expect([source.spans.size, source.receipt.requests, source.receipt.ranges.size]).toEqual([0, 0, 0]);
    expect(source.tryRead([0, 5])).toBeUndefined();
    expect(
      source.plan([
        [100, 200],
        [150, 300],
      ]),
    ).toMatchObject({ bytesWanted: 200, bytesRequested: 200 });
    expect(source.plan([]).requests).toEqual([]);
    expect(await source.readMany([])).toEqual([]);
    expect(probes).toEqual([]);
    expect(await source.read([-10])).toEqual(BYTES.slice(-10));
    expect(probes).toEqual(["[299990, 300000)"]);
    expect(source.receipt.requests).toBeGreaterThan(0);
    expect(source.tryRead([299_995, 300_000])).toEqual(BYTES.slice(-5));
    expect(source.plan([[0, 10]]).bytesWanted).toBe(10);
  });

  it("opens with all that is wanted where it lies close together, else with the first of it", async () => {
    for (const [ranges, probe] of [
      [
        [
          [5000, 6000],
          [1000, 2000],
          [1500, 1500],
        ],
        "[1000, 6000)",
      ],
      [
        [
          [200_000, 200_010],
          [7, 9],
        ],
        "[7, 9)",
      ],
      [[[50, 50]], "[0, 1)"],
    ] as const) {
      const { source, probes } = deferred();
      const got = await source.readMany(ranges);
      expect(got).toEqual(ranges.map(([start, end]) => BYTES.slice(start, end)));
      expect(probes).toEqual([probe]);
    }
  });

  it("reads each and streams as what lies beneath", async () => {
    const { source, probes } = deferred();
    const seen: number[] = [];
    for await (const { index, bytes } of source.readEach([
      [0, 10],
      [250_000, 250_020],
    ])) {
      seen[index] = bytes.length;
    }
    expect(seen).toEqual([10, 20]);
    for await (const { index } of source.readEach([])) seen.push(index);
    expect(seen).toEqual([10, 20]);
    const streaming = deferred();
    expect(await drain(streaming.source.stream([1000, 200_000]))).toEqual(BYTES.slice(1000, 200_000));
    expect(streaming.probes).toEqual(["[1000, 66536)"]);
    expect(probes.length).toBe(1);
  });

  it("opens with no more than can stay held, or it would come twice", async () => {
    const read = deferred({ maxProbeBytes: 1000 });
    expect(await read.source.read([500, 5000])).toEqual(BYTES.slice(500, 5000));
    expect(read.probes).toEqual(["[500, 1500)"]);
    for (const [end, probe] of [
      [1400, "[500, 1400)"],
      [5000, "[500, 1500)"],
    ] as const) {
      const { source, probes } = deferred({ maxProbeBytes: 1000 });
      expect(await drain(source.stream([500, end], { divide: false }))).toEqual(BYTES.slice(500, end));
      expect(probes).toEqual([probe]);
    }
  });

  it("opens once for readers at the same time, and one's abort leaves the other its bytes", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let opened = 0;
    const open = async () => {
      opened++;
      await gate;
      return openSource(BYTES);
    };
    const { source } = deferred({ open, identity: { strength: "none" } });
    const aborting = new AbortController();
    const first = source.read([0, 10], { signal: aborting.signal });
    const second = source.read([20, 30]);
    const reason = new Error("not wanted");
    aborting.abort(reason);
    await expect(first).rejects.toBe(reason);
    release();
    expect(await second).toEqual(BYTES.slice(20, 30));
    expect(opened).toBe(1);
    await expect(source.read([0, 1], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("tries again after an opening that failed", async () => {
    let failures = 1;
    const open = async () => {
      if (failures-- > 0) throw new Error("no wire");
      return openSource(BYTES);
    };
    const { source } = deferred({ open });
    await expect(source.read([0, 10])).rejects.toThrow("no wire");
    expect(await source.read([0, 10])).toEqual(BYTES.slice(0, 10));
  });

  it("refuses another file as CHANGED, by size, tag and date, and closes what it opened", async () => {
    const modified = "Wed, 25 Nov 2026 10:00:00 GMT";
    for (const changes of [
      { size: 299_999 },
      { identity: { strength: "strong", etag: '"a"' } },
      { identity: { strength: "weak", lastModified: modified } },
    ] as const) {
      const { source, beneath } = deferred(changes);
      await expect(source.read([0, 10])).rejects.toMatchObject({ code: "CHANGED" });
      await expect(drain(source.stream([0, 10]))).rejects.toMatchObject({ code: "CHANGED" });
      expect(beneath.asked).toEqual([]);
    }
    const same = {
      ...recordedSource(BYTES),
      identity: { strength: "strong", etag: '"a"', lastModified: modified },
    } as const;
    const pinned = deferred({ identity: { strength: "strong", etag: '"a"' }, open: () => openSource(same) });
    expect((await pinned.source.read([0, 10])).length).toBe(10);
  });

  it("refuses ranges outside of it before it opens, and everything once it is closed", async () => {
    const { source, probes } = deferred();
    await expect(source.read([0, 300_001])).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    await expect(
      source.readMany([
        [0, 1],
        [300_000, 300_001],
      ]),
    ).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    expect(probes).toEqual([]);
    await source.close();
    await source.close();
    await expect(source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => source.tryRead([0, 1])).toThrow(expect.objectContaining({ code: "CLOSED" }));
    await expect(drain(source.stream([0, 1]))).rejects.toMatchObject({ code: "CLOSED" });
    const open = deferred();
    await open.source.read([0, 1]);
    await open.source.close();
    await expect(open.source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("rejects who waits for the opening as CLOSED when it closes, and closes what opens later", async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let late: { closed: boolean } | undefined;
    const open = async () => {
      await gate;
      const source = await openSource(BYTES);
      late = { closed: false };
      const close = source.close.bind(source);
      source.close = async () => {
        if (late !== undefined) late.closed = true;
        await close();
      };
      return source;
    };
    const { source } = deferred({ open, identity: { strength: "none" } });
    const waiting = expect(source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
    const closing = source.close();
    await waiting;
    release();
    await closing;
    expect(late?.closed).toBe(true);
  });
});
