import { describe, expect, it } from "vitest";
import {
  archiveSegments,
  moveView,
  pngSegments,
  type Segments,
  segmentIndexAt,
  sumKinds,
  wholeSegment,
  withNested,
  zoomView,
} from "../../explorer/map-model.ts";
import { openArchive } from "../../src/archive.ts";
import { Range } from "../../src/index.ts";
import { openPng } from "../../src/png.ts";
import { buildPng } from "../png/build-png.ts";
import { tarBlock } from "../tar/build-tar.ts";
import { buildZip, text } from "../zip/build-zip.ts";

function said(segments: Segments): string[] {
  return segments.map(({ start, end, kind, label }) => `${start}-${end} ${kind} ${label}`);
}

const ZIP = buildZip(
  [
    { name: "a", data: text("12345") },
    { name: "b", data: text("67890") },
  ],
  { prefix: text("program!") },
);

describe("the parts of a file", () => {
  it("are, of a zip, what stands before it, its members and its directory, without a gap", async () => {
    await using zip = await openArchive(ZIP);
    const segments = archiveSegments(zip, ZIP.length);
    expect(said(segments)).toEqual([
      "0-8 gap no member's",
      "8-44 member a",
      "44-80 member b",
      `80-${ZIP.length} directory directory`,
    ]);
    expect(segments[1]?.entry).toBe(zip.entries[0]);
    expect(sumKinds(segments)).toEqual({ gap: 8, member: 72, directory: ZIP.length - 80, whole: 0 });
  });

  it("are, of a tar, its members and its end", async () => {
    const members = ["a.txt", "b.txt"].flatMap((name) => [...tarBlock({ name, data: "first" })]);
    const bytes = new Uint8Array([...members, ...new Uint8Array(1024)]);
    await using tar = await openArchive(bytes);
    expect(said(archiveSegments(tar, bytes.length))).toEqual([
      "0-517 member a.txt",
      "517-1024 gap padding",
      "1024-1541 member b.txt",
      "1541-3072 gap end of the archive",
    ]);
  });

  it("are, of a PNG, its signature, its image data and the other chunks", async () => {
    const bytes = buildPng({ width: 2, height: 2 });
    await using png = await openPng(bytes);
    const segments = pngSegments(await png.allChunks(), bytes.length);
    expect(said(segments).slice(0, 2)).toEqual(["0-8 gap signature", "8-33 directory IHDR"]);
    expect(segments.map(({ kind }) => kind)).toEqual(["gap", "directory", "member", "directory"]);
  });

  it("hold those of an archive in an archive in the place of that member", () => {
    const outer: Segments = [
      { start: 0, end: 10, kind: "gap", label: "x", entry: undefined },
      { start: 10, end: 100, kind: "member", label: "inner", entry: undefined },
    ];
    const inner = wholeSegment(50, "within");
    expect(said(withNested(outer, new Range(30, 80), inner))).toEqual([
      "0-10 gap x",
      "10-30 member inner",
      "30-80 whole within",
      "80-100 member inner",
    ]);
  });

  it("are found by position", () => {
    const segments: Segments = [0, 5, 9].map((start, index, starts) => ({
      start,
      end: starts[index + 1] ?? 12,
      kind: "member",
      label: String(index),
      entry: undefined,
    }));
    expect([0, 4, 5, 8, 9, 11, 99].map((position) => segmentIndexAt(segments, position))).toEqual([
      0, 0, 1, 1, 2, 2, 2,
    ]);
    expect(segmentIndexAt([], 3)).toBe(0);
  });
});

describe("the view of the map", () => {
  const whole = { start: 0, end: 10_000 };

  it("zooms around a position, which keeps its place", () => {
    expect(zoomView(whole, { factor: 2, around: 2500, size: 10_000 })).toEqual({ start: 1250, end: 6250 });
    expect(zoomView({ start: 1250, end: 6250 }, { factor: 0.5, around: 2500, size: 10_000 })).toEqual(whole);
  });

  it("goes no nearer than a few bytes, and no further than the file", () => {
    const near = zoomView(whole, { factor: 1e9, around: 0, size: 10_000 });
    expect(near).toEqual({ start: 0, end: 256 });
    expect(zoomView(near, { factor: 1e-9, around: 3, size: 10_000 })).toEqual(whole);
    expect(zoomView({ start: 0, end: 10 }, { factor: 8, around: 5, size: 10 })).toEqual({
      start: 0,
      end: 10,
    });
  });

  it("moves up to the ends", () => {
    expect(moveView({ start: 10, end: 20 }, -50, 100)).toEqual({ start: 0, end: 10 });
    expect(moveView({ start: 10, end: 20 }, 500, 100)).toEqual({ start: 90, end: 100 });
  });
});
