import { describe, expect, it } from "vitest";
import {
  Range,
  type RangeResponse,
  RangeSet,
  RangeStream,
  type RangeStreamOptions,
} from "../../src/index.ts";
import { controllableSource } from "../../src/testing/controllable-source.ts";
import { behaviourGroups, behaviours } from "./behaviours.ts";
import { file, type Opened, openers } from "./openers.ts";

const code = (name: string) => expect.objectContaining({ code: name });
const shown = (stream: RangeStream): string => stream.listRanges().join(" ");
const asked = (stream: RangeStream): string => [...stream.requestedRanges.keys()].join(" ");
const active = (stream: RangeStream): string | undefined => stream.activeRange?.toString();

/** Opens with a range and a policy, and adds another range. */
async function overlapped(
  { open }: Opened,
  [first, second]: readonly [readonly [number, number], readonly [number, number]],
  overlap: RangeStreamOptions["overlap"] = "replant",
): Promise<{ stream: RangeStream; older: RangeResponse; newer: RangeResponse }> {
  const stream = await open({ range: first, overlap });
  const older = stream.activeResponse;
  return { stream, older, newer: stream.add(second) };
}

/** The two ways in which the original's policies are named. */
const policies = { replant: ["replant", 0], burn: ["burn", 1], strict: ["strict", 2] } as const;

/** What each policy makes of two ranges, under both its names. */
async function expectPolicies(
  given: Opened,
  ranges: readonly [readonly [number, number], readonly [number, number]],
  expected: { replant: string; burn: string },
): Promise<void> {
  for (const policy of ["replant", "burn"] as const) {
    for (const overlap of policies[policy]) {
      const { stream, newer } = await overlapped(given, ranges, overlap);
      expect(shown(stream)).toBe(expected[policy]);
      expect(asked(stream)).toBe(expected[policy]);
      expect(stream.activeResponse).toBe(newer);
      for (const [range, handle] of [...stream.ranges]) {
        expect(await handle.read()).toEqual(file.slice(range.start, range.end));
      }
    }
  }
  for (const overlap of policies.strict) {
    const stream = await given.open({ range: ranges[0], overlap });
    expect(() => stream.add(ranges[1])).toThrow(code("OVERLAP"));
    expect(shown(stream)).toBe(new Range(...ranges[0]).toString());
  }
  await expect(given.open({ overlap: -1 as 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
}

type Check = (given: Opened) => Promise<void>;

const core: Record<number, Check> = {
  1: async ({ open }) => {
    const stream = await open();
    expect([stream.totalBytes, stream.isEmpty, stream.activeRange]).toEqual([11, true, undefined]);
    expect(stream.spanningRange.toString()).toBe("[0, 0)");
  },
  2: async ({ open }) => {
    for (const end of [1, 5, 11]) expect(active(await open({ range: [0, end] }))).toBe(`[0, ${end})`);
  },
  3: async ({ open }) => {
    const stream = await open({ range: [0, 0] });
    expect([stream.activeRange, stream.totalBytes]).toEqual([undefined, 11]);
  },
  4: async ({ open }) => {
    const stream = await open({ range: [0, 11] });
    expect([shown(stream), asked(stream)]).toEqual(["[0, 11)", "[0, 11)"]);
    expect(await stream.read(4)).toEqual(file.slice(0, 4));
    expect([shown(stream), asked(stream)]).toEqual(["[4, 11)", "[0, 11)"]);
  },
  5: async ({ open, label }) => {
    const stream = await open({ range: [0, 11] });
    expect(String(stream)).toBe(`RangeStream ⠶ [0, 11) @@ ${label}`);
  },
  6: async ({ open }) => {
    const gaps = await open({ range: [0, 4] });
    gaps.add([0, 4]);
    gaps.add([6, 11]);
    expect(gaps.spanningRange.toString()).toBe("[0, 11)");
    const inside = await open({ range: [0, 4] });
    for (const start of [2, 5, 8]) inside.add([start, start + 1]);
    expect(inside.spanningRange.toString()).toBe("[0, 9)");
    expect(shown(inside)).toBe("[0, 2) [2, 3) [3, 4) [5, 6) [8, 9)");
  },
  7: async ({ open }) => {
    for (const length of [0, 5, 11]) {
      const stream = await open({ range: [0, 11] });
      expect(stream.tell()).toBe(0);
      expect(await stream.read(length)).toEqual(file.slice(0, length));
      expect(stream.tell()).toBe(length);
      for (const position of [0, 5, 11]) {
        expect([stream.seek(position), stream.tell()]).toEqual([position, position]);
      }
    }
  },
  8: async ({ open }) => {
    const stream = await open();
    const handles = [stream.add([0, 1])];
    expect(active(stream)).toBe("[0, 1)");
    handles.push(stream.add([4, 6]));
    expect(active(stream)).toBe("[4, 6)");
    await stream.activeResponse.close();
    expect(handles.map(({ isClosed }) => isClosed)).toEqual([false, true]);
    expect([active(stream), shown(stream)]).toEqual(["[0, 1)", "[0, 1)"]);
    await stream.activeResponse.close();
    expect([stream.isEmpty, stream.activeRange]).toEqual([true, undefined]);
    expect(await stream.add([1, 2]).read()).toEqual(file.slice(1, 2));
  },
  9: async ({ open }) => {
    const stream = await open();
    stream.add([0, 1], { activate: false });
    stream.add([4, 6], { activate: false });
    expect([stream.activeRange, shown(stream)]).toEqual([undefined, "[0, 1) [4, 6)"]);
  },
  10: async ({ open, mode, sent }) => {
    const stream = await open({ cache: false, probe: [0, 1] });
    const before = await sent();
    const handle = stream.add([1, 9]);
    expect(await sent()).toEqual(before);
    expect(await handle.read(1)).toEqual(Uint8Array.of(0));
    expect([handle.tell(), shown(stream)]).toEqual([1, "[2, 9)"]);
    const wanted = mode === "single" ? "bytes=0-" : "bytes=1-8";
    expect((await sent())?.at(-1) ?? wanted).toBe(wanted);
  },
};

const edges: Record<number, Check> = {
  11: async (given) => {
    const { stream, older, newer } = await overlapped(given, [
      [0, 3],
      [1, 3],
    ]);
    expect(shown(stream)).toBe("[0, 1) [1, 3)");
    expect(await older.read()).toEqual(file.slice(0, 1));
    expect(await newer.read()).toEqual(file.slice(1, 3));
  },
  12: async ({ open }) => {
    for (const end of [0, 5, 11]) {
      const stream = await open();
      stream.add([0, end]);
      expect(shown(stream)).toBe(shown(await open({ range: [0, end] })));
    }
  },
  13: async ({ open }) => {
    const stream = await open({ range: [0, 11] });
    for (const view of [stream.requestedRanges, stream.ranges]) {
      expect(() => view.set([4, 6], stream.activeResponse)).toThrow(code("INVALID_ARGUMENT"));
      expect(() => view.delete([4, 6])).toThrow(code("INVALID_ARGUMENT"));
      expect(() => view.clear()).toThrow(code("INVALID_ARGUMENT"));
    }
    expect([shown(stream), asked(stream)]).toEqual(["[0, 11)", "[0, 11)"]);
  },
  14: async ({ open }) => {
    const stream = await open({ range: [0, 11] });
    stream.add([4, 6]);
    expect([shown(stream), asked(stream)]).toEqual(["[0, 4) [4, 6) [6, 11)", "[0, 4) [4, 6) [6, 11)"]);
    expect(new Set(stream.ranges.values()).size).toBe(3);
    for (const [range, handle] of stream.ranges) expect(handle.remaining).toEqual(range);
  },
  16: async () => {
    const source = controllableSource(file, { size: Number.POSITIVE_INFINITY });
    const stream = await RangeStream.open(source);
    expect(stream.totalBytes).toBeUndefined();
    expect(() => stream.totalRange).toThrow(code("UNKNOWN_SIZE"));
    for (const range of [[4], [-3], { suffix: 3 }] as const) {
      expect(() => stream.add(range)).toThrow(code("UNKNOWN_SIZE"));
    }
    const reading = stream.add([4, 6]).read();
    (await source.streamAt(0)).deliver();
    expect(await reading).toEqual(file.slice(4, 6));
  },
  17: async ({ open, sent }) => {
    const stream = await open({ range: [0, 3] });
    const before = await sent();
    for (const range of [
      [20, 30],
      [0, 100],
      [5, 15],
    ] as const) {
      expect(() => stream.add(range)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS", size: 11 }));
      await expect(open({ range })).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    }
    expect([shown(stream), active(stream)]).toEqual(["[0, 3)", "[0, 3)"]);
    expect((await sent())?.slice(0, before?.length)).toEqual(before);
    const after = await sent();
    expect(() => stream.add([20, 30])).toThrow(code("OUT_OF_BOUNDS"));
    expect(await sent()).toEqual(after);
  },
  18: async ({ open }) => {
    const stream = await open({ range: [0, 11], overlap: "strict" });
    await stream.read();
    expect(stream.isEmpty).toBe(true);
    stream.add(stream.totalRange);
    expect([shown(stream), active(stream)]).toEqual(["[0, 11)", "[0, 11)"]);
    expect(await stream.read()).toEqual(file);
  },
  19: (given) =>
    expectPolicies(
      given,
      [
        [0, 11],
        [3, 7],
      ],
      { replant: "[0, 3) [3, 7) [7, 11)", burn: "[3, 7)" },
    ),
  20: (given) =>
    expectPolicies(
      given,
      [
        [3, 7],
        [2, 5],
      ],
      { replant: "[2, 5) [5, 7)", burn: "[2, 5)" },
    ),
  21: (given) =>
    expectPolicies(
      given,
      [
        [3, 7],
        [5, 9],
      ],
      { replant: "[3, 5) [5, 9)", burn: "[5, 9)" },
    ),
  22: async ({ open }) => {
    const stream = await open();
    for (const change of [{ activeRange: 123 }, { totalBytes: undefined }, { totalRange: undefined }]) {
      expect(() => Object.assign(stream, change)).toThrow(TypeError);
    }
    expect([stream.totalBytes, stream.totalRange.toString()]).toEqual([11, "[0, 11)"]);
    expect(() => stream.tell()).toThrow(code("NO_ACTIVE_RANGE"));
  },
};

const overlaps: Record<number, Check> = {
  23: async ({ open }) => {
    const stream = await open({ range: [3, 7] });
    const held = (): number[] => [2, 3, 5, 6, 7].filter((position) => stream.requestedRanges.get(position));
    expect([stream.overlapWhence([2, 5]), held()]).toEqual(["head", [3, 5, 6]]);
    stream.add([2, 5]);
    expect([stream.overlapWhence([2, 5]), held()]).toEqual(["body", [2, 3, 5, 6]]);
  },
  24: async (given) => {
    for (const overlap of ["replant", "burn"] as const) {
      const ranges = [
        [3, 7],
        [2, 5],
      ] as const;
      const { stream } = await overlapped(given, ranges, overlap);
      for (const view of [stream.ranges, stream.requestedRanges]) {
        expect(view.size).toBe(overlap === "replant" ? 2 : 1);
        for (const [range, handle] of view) expect([handle.range, handle.remaining]).toEqual([range, range]);
      }
    }
  },
  25: async (given) => {
    const ranges = [
      [2, 5],
      [3, 7],
    ] as const;
    const { stream, older } = await overlapped(given, ranges);
    expect([older.range.toString(), older.tailMark]).toEqual(["[2, 5)", 2]);
    expect([shown(stream), asked(stream)]).toEqual(["[2, 3) [3, 7)", "[2, 3) [3, 7)"]);
    const differing = [...stream.ranges].filter(([range, handle]) => !handle.range.equals(range));
    expect(differing.map(([range]) => range.toString())).toEqual(["[2, 3)"]);
    const burnt = await overlapped(given, ranges, "burn");
    expect([shown(burnt.stream), asked(burnt.stream)]).toEqual(["[3, 7)", "[3, 7)"]);
  },
  26: async ({ open }) => {
    const stream = await open({ range: [3, 7] });
    stream.add([0, 1]);
    expect(stream.ranges.rangeAt(4)?.toString()).toBe("[3, 7)");
    expect([stream.ranges.rangeAt(8), stream.ranges.get(8)]).toEqual([undefined, undefined]);
  },
  27: async ({ open }) => {
    const stream = await open({ range: [3, 7] });
    expect(stream.overlapWhence([5, 8])).toBe("tail");
    stream.add([5, 8]);
    expect(stream.overlapWhence([5, 8])).toBe("body");
    expect(stream.overlapWhence([8, 11])).toBeUndefined();
  },
  28: async ({ open }) => {
    const stream = await open();
    expect(stream.overlapWhence([0, 5])).toBeUndefined();
    stream.add([3, 7]);
    expect(stream.overlapWhence([4, 4])).toBeUndefined();
    expect(stream.add([4, 4]).isConsumed).toBe(true);
    expect(shown(stream)).toBe("[3, 7)");
  },
  29: async ({ open }) => {
    const stream = await open({ range: [2, 4] });
    stream.add([6, 9]);
    expect(stream.spanningRange.toString()).toBe("[2, 9)");
    const added = stream.add([3, 7]);
    expect([shown(stream), stream.spanningRange.toString()]).toEqual(["[2, 3) [3, 7) [7, 9)", "[2, 9)"]);
    for (const range of [new Range(3, 7), [3, 7], "[3, 7)", "3..7", { start: 3, end: 7 }] as const) {
      expect(stream.ranges.get(range)).toBe(added);
    }
    expect(await stream.ranges.get(7)?.read()).toEqual(file.slice(7, 9));
  },
  30: async (given) => {
    const { stream } = await overlapped(given, [
      [3, 7],
      [5, 8],
    ]);
    expect(await stream.ranges.get(3)?.read()).toEqual(Uint8Array.of(2, 3));
    expect(await stream.ranges.get(5)?.read()).toEqual(Uint8Array.of(4, 5, 6));
  },
};

const parts: Record<number, Check> = {
  31: async ({ open, label }) => {
    for (const [length, position] of [
      [0, 0],
      [1, 1],
      [undefined, 1],
      [100, 1],
    ] as const) {
      const handle = (await open({ range: [0, 1] })).activeResponse;
      expect(String(handle)).toBe(`RangeResponse ⠶ [0, 1) @ ${label}`);
      expect(await handle.read(length)).toEqual(file.slice(0, position));
      expect(handle.tell()).toBe(position);
      expect([handle.seek(0), handle.seek(1), handle.seek(0, "end"), handle.seek(-1, "end")]).toEqual([
        0, 1, 1, 0,
      ]);
    }
  },
  32: async ({ open }) => {
    const handle = (await open({ range: [0, 11] })).activeResponse;
    for (const position of [0, 1, 4]) expect(handle.seek(position)).toBe(position);
    for (const [offset, position] of [
      [0, 11],
      [-1, 10],
      [-4, 7],
    ] as const) {
      expect([handle.seek(offset, "end"), handle.tell()]).toEqual([position, position]);
    }
  },
  33: async ({ open }) => {
    const stream = await open();
    expect(() => stream.activeResponse).toThrow(code("NO_ACTIVE_RANGE"));
  },
  34: async ({ open, mode, sent }) => {
    for (const end of [1, 2, 3]) {
      const stream = await open({ range: [0, end] });
      const wanted = mode === "single" ? "bytes=0-" : `bytes=0-${end - 1}`;
      expect((await sent())?.at(-1) ?? wanted).toBe(wanted);
      expect(stream.totalBytes).toBe(11);
      const handle = stream.activeResponse;
      expect(new TextDecoder().decode(await handle.read(1))).toBe("P");
      await handle.close();
      await handle.close();
      expect(handle.isClosed).toBe(true);
    }
  },
  35: async ({ open, mode, sent }) => {
    const stream = await open();
    const before = await sent();
    expect(await stream.add([0, 0]).read()).toEqual(new Uint8Array(0));
    expect(await stream.add([7, 7]).read()).toEqual(new Uint8Array(0));
    expect(await sent()).toEqual(before);
    await open({ range: [0, 11] });
    const wanted = mode === "single" ? "bytes=0-" : "bytes=0-10";
    expect((await sent())?.at(-1) ?? wanted).toBe(wanted);
  },
  36: async () => {
    const range = new Range(1, 4);
    expect([range.start, range.end, range.length]).toEqual([1, 4, 3]);
    expect([range.contains(1), range.contains(3), range.contains(4)]).toEqual([true, true, false]);
    const empty = new Range(4, 4);
    expect([empty.isEmpty(), empty.length]).toEqual([true, 0]);
  },
  37: async ({ open }) => {
    const stream = await open();
    expect(stream.add([1, 3])).toBe(stream.add(new Range(1, 3)));
    for (const bad of [
      [1.5, 3],
      [1, 2.5],
      [1, 2, 3],
      [Number.NaN, 3],
      [0, "3"],
      [3, 1],
      5,
      null,
    ] as never[]) {
      expect(() => stream.add(bad)).toThrow(code("INVALID_RANGE"));
      await expect(open({ range: bad })).rejects.toMatchObject({ code: "INVALID_RANGE" });
    }
    expect(stream.add([2, 2]).isConsumed).toBe(true);
    expect(shown(stream)).toBe("[1, 3)");
  },
  38: async ({ open }) => {
    for (const [one, other, span] of [
      [[0, 2], [9, 10], "[0, 10)"],
      [[3, 5], [4, 6], "[3, 6)"],
    ] as const) {
      for (const order of [
        [one, other],
        [other, one],
      ]) {
        expect(new RangeSet(order).span()?.toString()).toBe(span);
        const stream = await open();
        for (const range of order) stream.add(range);
        expect(stream.spanningRange.toString()).toBe(span);
      }
    }
  },
  39: async ({ open }) => {
    expect(active(await open())).toBeUndefined();
    expect(active(await open({ range: [0, 11] }))).toBe("[0, 11)");
  },
};

/** Whatever of a stream its mode must not change. */
const look = (stream: RangeStream): unknown => ({
  ranges: String(stream.ranges),
  requested: String(stream.requestedRanges),
  text: String(stream),
  facts: [stream.url, stream.name, stream.domain, stream.totalBytes, stream.isEmpty],
  spans: [String(stream.totalRange), String(stream.spanningRange), active(stream)],
});

const single: Record<number, Check> = {
  40: async ({ open }) => {
    const stream = await open();
    expect(look(stream)).toEqual(look(await open({ mode: "ranges" })));
    expect([String(stream.ranges), String(stream.requestedRanges)]).toEqual(["RangeDict{}", "RangeDict{}"]);
    expect(() => stream.activeResponse).toThrow(code("NO_ACTIVE_RANGE"));
    expect(() => stream.tell()).toThrow(code("NO_ACTIVE_RANGE"));
  },
  41: async ({ open }) => {
    const stream = await open();
    stream.add(stream.totalRange);
    const full = await open({ mode: "ranges", range: [0, 11] });
    expect(look(stream)).toEqual(look(full));
    expect([String(stream.activeResponse), stream.tell()]).toEqual([String(full.activeResponse), 0]);
    expect(await stream.read()).toEqual(file);
  },
  42: async ({ open }) => {
    const stream = await open();
    expect(stream.add([0, 1])).toBe(stream.activeResponse);
    expect(active(stream)).toBe("[0, 1)");
    expect(stream.add([4, 6])).toBe(stream.activeResponse);
    expect(active(stream)).toBe("[4, 6)");
  },
  43: async ({ open }) => {
    const stream = await open();
    const first = stream.add([1, 3]);
    expect(stream.tell()).toBe(0);
    expect(await stream.read(1)).toEqual(Uint8Array.of(0));
    expect([stream.tell(), first.isConsumed]).toEqual([1, false]);
    await stream.read(1);
    expect([stream.tell(), first.isConsumed]).toEqual([2, true]);
    stream.add([4, 6]);
    expect(stream.tell()).toBe(0);
    expect(await stream.read(1)).toEqual(Uint8Array.of(3));
    expect(first.tell()).toBe(2);
  },
  44: async ({ open }) => {
    for (const length of [2, undefined]) {
      const stream = await open();
      stream.add([1, 3]);
      expect(await stream.read(length)).toEqual(Uint8Array.of(0, 1));
      expect(stream.tell()).toBe(2);
      expect(await stream.read(length)).toEqual(new Uint8Array(0));
    }
  },
  45: async ({ open, sent }) => {
    const stream = await open();
    stream.add([3, 7]);
    stream.add([5, 8]);
    expect(await stream.ranges.get(5)?.read()).toEqual(Uint8Array.of(4, 5, 6));
    expect(await stream.ranges.get(3)?.read()).toEqual(Uint8Array.of(2, 3));
    const requests = await sent();
    if (requests !== undefined) expect(requests).toEqual(["bytes=0-"]);
  },
};

const everywhere: Record<number, Check> = { ...core, ...edges, ...overlaps, ...parts };
const checks: Record<number, Check> = { ...everywhere, ...single };

describe.each(openers)("the original's behaviours $name, mode $mode", ({ mode, start }) => {
  const ofMode = (number: number): boolean => mode === "single" || !(number in single);
  const checked = behaviours.filter(({ number }) => number in checks && ofMode(number));
  it.each(checked.map(({ number, original, here }) => [number, here ?? original] as const))(
    "%i. %s",
    async (number) => {
      await using given = await start();
      await checks[number]?.(given);
    },
  );
});

describe("the table of the original's behaviours", () => {
  it("has each of 1 to 45 once, in order", () => {
    expect(behaviourGroups.length).toBe(5);
    expect(behaviours.map(({ number }) => number)).toEqual(
      Array.from({ length: 45 }, (_, index) => index + 1),
    );
  });

  it("has a test for each but those without a counterpart, and a reason for each that is different", () => {
    for (const { number, here, why, noCounterpart } of behaviours) {
      expect([number, number in checks]).toEqual([number, noCounterpart !== true]);
      expect([number, why !== undefined]).toEqual([number, here !== undefined || noCounterpart === true]);
    }
  });
});
