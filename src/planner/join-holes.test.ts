import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import { totalOf } from "./cut-requests.ts";
import { joinHoles } from "./join-holes.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const boundsFor = (held: readonly Range[]) => ({
  overReadBytes: 4 * MiB,
  unheldBytes: (range: Range) => totalOf(new RangeSet(held).missing(range)),
});

describe("holes of what is held", () => {
  it.each([
    ["that may be read once more", 3 * MiB, 2 * MiB, 1],
    ["that cost more than may be spent", 5 * MiB, MiB, 2],
    ["of more than a request brings", 3 * MiB, 7 * MiB, 2],
  ])("in one range, %s", (_, hole, rest, count) => {
    const whole = new Range(100, 100 + MiB + hole + rest);
    const missing = [new Range(100, 100 + MiB), new Range(100 + MiB + hole, whole.end)];
    const joined = joinHoles(missing, { ...boundsFor([]), maxPieceBytes: 8 * MiB });
    expect(joined).toEqual(count === 1 ? [whole] : missing);
  });

  it.each([
    [64, 64, 1],
    [65, 65, 100],
    [60, 44, 1],
    [60, 43, 100],
    [16, 0, 1],
    [17, 0, 100],
  ])("between neighbours are read over: of %d KiB, %d of them held", (length, held, count) => {
    const stride = (length + 50) * KiB;
    const missing = Array.from({ length: 100 }, (_, at) => new Range(at * stride, at * stride + 50 * KiB));
    const here = missing.map(({ end }) => new Range(end, end + held * KiB)).filter((one) => !one.isEmpty());
    const joined = joinHoles(missing, { ...boundsFor(here), overReadBytes: 100 * length * KiB });
    expect(joined).toHaveLength(count);
    expect([joined[0]?.start, joined.at(-1)?.end]).toEqual([0, missing.at(-1)?.end]);
  });

  it("between neighbours are read over as far as bytes may be spent", () => {
    const missing = Array.from({ length: 50 }, (_, at) => new Range(at * 50, at * 50 + 40));
    const joined = joinHoles(missing, { ...boundsFor([]), overReadBytes: 105 });
    expect(joined).toEqual([new Range(0, 540), ...missing.slice(11)]);
  });
});
