import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import type { RangeResponse } from "./range-response.ts";
import { RangeStream, type RangeStreamOptions } from "./range-stream.ts";

const bytes = Uint8Array.of(0x50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x4b);
const open = (options: RangeStreamOptions = {}): Promise<RangeStream> => RangeStream.open(bytes, options);
const code = (name: string) => expect.objectContaining({ code: name });
const keys = (stream: RangeStream): string => stream.listRanges().join(" ");
const asked = (stream: RangeStream): string => [...stream.requestedRanges.keys()].join(" ");

describe("RangeStream.add", () => {
  it("keeps disjoint and touching ranges apart", async () => {
    const stream = await open();
    stream.add([0, 3]);
    stream.add([7, 9]);
    stream.add([3, 5]);
    expect(keys(stream)).toBe("[0, 3) [3, 5) [7, 9)");
    expect(stream.spanningRange.toString()).toBe("[0, 9)");
    expect(await stream.ranges.get(7)?.read()).toEqual(bytes.slice(7, 9));
    expect(keys(stream)).toBe("[0, 3) [3, 5)");
    expect(asked(stream)).toBe("[0, 3) [3, 5) [7, 9)");
  });

  it("takes every way of writing a range, and refuses bad ones before anything changes", async () => {
    const stream = await open();
    expect(stream.add([-3]).range.toString()).toBe("[8, 11)");
    expect(stream.add("0..3").range.toString()).toBe("[0, 3)");
    expect(stream.add({ start: 4, end: 6 }).range.toString()).toBe("[4, 6)");
    const before = keys(stream);
    for (const bad of [[1.5, 3], [5, 3], [-5, 3], [1, 2, 3], "x", Number.NaN] as never[]) {
      expect(() => stream.add(bad)).toThrow(code("INVALID_RANGE"));
    }
    expect(() => stream.add([5, 15])).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS", size: 11 }));
    expect(() => stream.add([-12])).toThrow(code("OUT_OF_BOUNDS"));
    expect(keys(stream)).toBe(before);
  });

  it("gives an identical unread range its own handle back, under every policy", async () => {
    for (const overlap of ["replant", "burn", "strict", 0, 1, 2] as const) {
      const stream = await open({ overlap });
      const first = stream.add([3, 7]);
      stream.add([0, 1]);
      expect(stream.add([3, 7])).toBe(first);
      expect(stream.activeResponse).toBe(first);
      await first.read(1);
      expect(stream.add([4, 7])).toBe(first);
    }
  });

  it("gives a consumed handle registered nowhere for an empty range", async () => {
    const stream = await open();
    const empty = stream.add([5, 5]);
    expect(empty.isConsumed).toBe(true);
    expect(await empty.read()).toEqual(new Uint8Array(0));
    expect(stream.isEmpty).toBe(true);
    expect(stream.activeRange).toBeUndefined();
  });

  it("cuts a tail: the older keeps its upstream part and its mark", async () => {
    const stream = await open();
    const older = stream.add([3, 7]);
    stream.add([5, 9]);
    expect(keys(stream)).toBe("[3, 5) [5, 9)");
    expect(older.tailMark).toBe(2);
    expect(older.range.toString()).toBe("[3, 7)");
    expect(await older.read()).toEqual(bytes.slice(3, 5));
    expect(() => older.seek(3)).toThrow(code("OUT_OF_BOUNDS"));
    expect(older.seek(0, "end")).toBe(2);
    expect(older.seek(-1, "end")).toBe(1);
    expect(String(stream.ranges.get(4))).toContain("[3, 7)");
  });

  it("replants the part after a head overlap in a new handle of the same name and closes the old one", async () => {
    const stream = await open();
    const older = stream.add([3, 7], { name: "middle" });
    const added = stream.add([2, 5]);
    expect(keys(stream)).toBe("[2, 5) [5, 7)");
    expect(older.isClosed).toBe(true);
    await expect(older.read()).rejects.toMatchObject({ code: "CLOSED" });
    const heir = stream.ranges.get(5);
    expect(heir?.name).toBe("middle");
    expect(await heir?.read()).toEqual(bytes.slice(5, 7));
    expect(stream.activeResponse).toBe(added);
  });

  it("keeps both sides of a body overlap", async () => {
    const stream = await open();
    const older = stream.add([0, 11]);
    await older.read(2);
    stream.add([4, 6]);
    expect(keys(stream)).toBe("[2, 4) [4, 6) [6, 11)");
    expect(asked(stream)).toBe("[0, 4) [4, 6) [6, 11)");
    expect(await older.read()).toEqual(bytes.slice(2, 4));
    expect(await stream.ranges.get(6)?.read()).toEqual(bytes.slice(6, 11));
  });

  it("treats every overlapped range at once", async () => {
    const stream = await open();
    stream.add([0, 3]);
    stream.add([4, 6]);
    stream.add([7, 10]);
    stream.add([2, 8]);
    expect(keys(stream)).toBe("[0, 2) [2, 8) [8, 10)");
    expect(await stream.ranges.get(8)?.read()).toEqual(bytes.slice(8, 10));
  });

  it("burns whatever it overlaps", async () => {
    const stream = await open({ overlap: "burn" });
    const first = stream.add([2, 4]);
    const second = stream.add([6, 9]);
    stream.add([3, 7]);
    expect(keys(stream)).toBe("[3, 7)");
    expect([first.isClosed, second.isClosed]).toEqual([true, true]);
  });

  it("refuses under strict and changes nothing", async () => {
    const stream = await open({ overlap: "strict" });
    const first = stream.add([3, 7]);
    for (const range of [
      [2, 5],
      [5, 9],
      [4, 6],
      [2, 9],
    ] as const) {
      expect(() => stream.add(range)).toThrow(code("OVERLAP"));
    }
    expect(keys(stream)).toBe("[3, 7)");
    expect(await first.read()).toEqual(bytes.slice(3, 7));
    stream.add([2, 9]);
  });

  it("does not see what was read, but never lets two handles own a position", async () => {
    const stream = await open({ overlap: "strict" });
    const older = stream.add([0, 11]);
    await older.read(4);
    const added = stream.add([1, 3]);
    expect(keys(stream)).toBe("[1, 3) [4, 11)");
    expect(asked(stream)).toBe("[1, 3) [3, 11)");
    expect(older.seek(3)).toBe(3);
    expect(() => older.seek(2)).toThrow(code("OVERLAP"));
    expect(older.tell()).toBe(3);
    expect(await added.read()).toEqual(bytes.slice(1, 3));
    expect(await older.read()).toEqual(bytes.slice(3));
  });

  it("lets a consumed range be added again", async () => {
    const stream = await open({ overlap: "strict" });
    const first = stream.add([0, 11]);
    await first.read();
    expect(stream.isEmpty).toBe(true);
    const second = stream.add([0, 11]);
    expect(second).not.toBe(first);
    expect(() => first.seek(0)).toThrow(code("OVERLAP"));
    expect(await second.read()).toEqual(bytes);
    expect(await first.read()).toEqual(new Uint8Array(0));
  });
});

describe("the active range", () => {
  it("follows what was added, unless told not to", async () => {
    const stream = await open();
    expect(stream.activeRange).toBeUndefined();
    await expect(stream.read()).rejects.toMatchObject({ code: "NO_ACTIVE_RANGE" });
    expect(() => stream.tell()).toThrow(code("NO_ACTIVE_RANGE"));
    stream.add([0, 1], { activate: false });
    expect(stream.activeRange).toBeUndefined();
    stream.add([4, 6]);
    expect(stream.activeRange?.toString()).toBe("[4, 6)");
    expect(await stream.read(1)).toEqual(bytes.slice(4, 5));
    expect(stream.tell()).toBe(1);
    expect(stream.seek(0)).toBe(0);
  });

  it("goes to the most recently added that is left when the active one is deleted", async () => {
    const stream = await open({ overlap: "burn" });
    stream.add([0, 2]);
    stream.add([4, 6]);
    stream.add([8, 10]);
    await stream.ranges.get(8)?.close();
    expect(stream.activeRange?.toString()).toBe("[4, 6)");
    stream.add([5, 7], { activate: false });
    expect(stream.activeRange?.toString()).toBe("[5, 7)");
  });

  it("never goes to a handle whose every position another range took", async () => {
    const stream = await open();
    stream.add([8, 10]);
    await stream.add([0, 3]).read();
    const again = stream.add([0, 3]);
    await again.close();
    expect(stream.activeRange?.toString()).toBe("[8, 10)");
  });

  it("never becomes a replanted one", async () => {
    const stream = await open();
    stream.add([3, 7]);
    const added = stream.add([2, 5]);
    await added.close();
    expect(stream.activeRange).toBeUndefined();
    expect(keys(stream)).toBe("[5, 7)");
  });
});

describe("overlapWhence", () => {
  it("names the case of the lowest overlapped range", async () => {
    const stream = await open();
    stream.add([3, 7]);
    stream.add([8, 10]);
    expect(stream.overlapWhence([2, 5])).toBe("head");
    expect(stream.overlapWhence([4, 5])).toBe("body");
    expect(stream.overlapWhence([3, 7])).toBe("body");
    expect(stream.overlapWhence([5, 9])).toBe("tail");
    expect(stream.overlapWhence([2, 8])).toBe("span");
    expect(stream.overlapWhence([0, 3])).toBeUndefined();
    expect(stream.overlapWhence([5, 5])).toBeUndefined();
  });
});

describe("RangeStream.open", () => {
  it("refuses bad options before anything is opened", async () => {
    await expect(open({ overlap: 7 as never })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(open({ overlap: -1 as never })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(open({ mode: "windows" as never })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(open({ range: [5, 15] })).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    await expect(open({ range: [1.5] })).rejects.toMatchObject({ code: "INVALID_RANGE" });
  });

  it("knows the size, and shows itself", async () => {
    const stream = await open({ range: [0, 11] });
    expect(stream.totalBytes).toBe(11);
    expect(stream.totalRange.toString()).toBe("[0, 11)");
    expect(String(stream)).toBe("RangeStream ⠶ [0, 11) @@ '11 bytes in memory'");
    expect(String(stream.activeResponse)).toBe("RangeResponse ⠶ [0, 11) @ '11 bytes in memory'");
    await stream.close();
    expect(() => stream.add([0, 1])).toThrow(code("CLOSED"));
    await expect(stream.read()).rejects.toMatchObject({ code: "CLOSED" });
    await stream.close();
  });
});

type Step =
  | { readonly do: "add"; readonly start: number; readonly length: number }
  | { readonly do: "read" | "seek" | "close"; readonly which: number; readonly amount: number };

describe("any sequence of calls", () => {
  const size = 40;
  const data = new Uint8Array(size).map((_, index) => index);
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      do: fc.constant("add" as const),
      start: fc.nat(size - 1),
      length: fc.integer({ min: 1, max: 16 }),
    }),
    fc.record({
      do: fc.constantFrom("read" as const, "read" as const, "seek" as const, "close" as const),
      which: fc.nat(20),
      amount: fc.nat(12),
    }),
  );

  it.each(["replant", "burn", "strict"] as const)(
    "keeps invariant 10 and gives the right bytes under %s",
    async (overlap) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const stream = await RangeStream.open(data, { overlap });
          const handles: RangeResponse[] = [];
          for (const each of steps) {
            const unreadBefore = unreadPositions(stream);
            if (each.do === "add") {
              const range = new Range(each.start, Math.min(size, each.start + each.length));
              const overlaps = stream.ranges.overlapping(range).length > 0;
              const identical = stream.ranges.rangeAt(range.start)?.equals(range) ?? false;
              try {
                handles.push(stream.add(range));
                expect(overlap === "strict" && overlaps && !identical).toBe(false);
              } catch (error) {
                expect(error).toMatchObject({ code: "OVERLAP" });
                expect(unreadPositions(stream)).toEqual(unreadBefore);
                continue;
              }
              const unread = unreadPositions(stream);
              for (let at = range.start; at < range.end; at++) expect(unread.has(at)).toBe(true);
              if (overlap === "replant") for (const at of unreadBefore) expect(unread.has(at)).toBe(true);
            } else {
              await use(handles[each.which % Math.max(1, handles.length)], each.do, each.amount);
            }
            checkOwnership(stream, handles);
          }
          await stream.close();
        }),
        { numRuns: 150 },
      );
    },
  );

  const unreadPositions = (stream: RangeStream): Set<number> => {
    const positions = new Set<number>();
    for (const { start, end } of stream.ranges.keys()) for (let at = start; at < end; at++) positions.add(at);
    return positions;
  };

  const use = async (handle: RangeResponse | undefined, what: string, amount: number): Promise<void> => {
    if (handle === undefined || handle.isClosed) return;
    if (what === "close") return handle.close();
    if (what === "seek") {
      const before = handle.tell();
      try {
        handle.seek(amount);
      } catch (error) {
        expect(["OVERLAP", "OUT_OF_BOUNDS"]).toContain((error as { code: string }).code);
        expect(handle.tell()).toBe(before);
      }
      return;
    }
    const { start, length } = handle.remaining;
    const got = await handle.read(amount);
    expect(got).toEqual(data.slice(start, start + Math.min(amount, length)));
  };

  const checkOwnership = (stream: RangeStream, handles: readonly RangeResponse[]): void => {
    for (const [range, handle] of stream.ranges) {
      expect(handle.remaining.equals(range)).toBe(true);
      expect(stream.requestedRanges.get(range)).toBe(handle);
    }
    for (const handle of handles) {
      const { remaining } = handle;
      if (handle.isClosed) continue;
      expect(handle.range.end - handle.tailMark).toBe(remaining.end);
      if (!remaining.isEmpty()) expect(stream.ranges.get(remaining)).toBe(handle);
    }
  };
});
