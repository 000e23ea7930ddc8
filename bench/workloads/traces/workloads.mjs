import { fileNamed } from "../files/files.mjs";
import { joinedRanges } from "./joined-ranges.mjs";
import { playDownload, zipPlays } from "./play-archive.mjs";
import { playTrace } from "./play-trace.mjs";
import * as traces from "./read-traces.mjs";

/** Shorter where the link is slow. */
const sequential = (profile) => (profile === "wan" ? "flat-64.bin" : "flat-256.bin");

// One entry a line of the table, each with a `trace` of reads, a `zip` play or a `download`; `profiles` where not every link will do.
const definitions = {
  parquet: { title: "Parquet: footer, 20 column chunks", file: "table.parquet", trace: traces.parquet },
  cog: { title: "GeoTIFF: header, 64 tiles", file: "map.tif", trace: traces.cog },
  sqlite: { title: "SQLite: 2,000 dependent pages", file: "data.sqlite", trace: traces.sqlite },
  seq4k: { title: "in sequence, 4 KiB a read", file: sequential, trace: traces.sequence(4096) },
  seq64k: { title: "in sequence, 64 KiB a read", file: sequential, trace: traces.sequence(65_536) },
  tworeaders: { title: "two readers of the same 32 MiB", file: "flat-64.bin", trace: traces.twoReaders },
  video: { title: "video: head, tail, ten seeks", file: "film.mp4", trace: traces.video },
  tarwalk: { title: "tar: 1,000 headers", file: "data.tar", trace: traces.tarWalk },
  pngwalk: { title: "PNG: 3,500 chunk heads", file: "image.png", trace: traces.pngWalk },
  readmany: { title: "100 random pages at once", file: "many.bin", trace: traces.readMany },
  // Of the first, V8 spends half the time on making code faster; of the second, hardly any.
  small2k: {
    title: "2,000 small reads",
    file: "flat-256.bin",
    trace: traces.smallReads(2000),
    profiles: ["lan"],
  },
  small: {
    title: "10,000 small reads",
    file: "flat-256.bin",
    trace: traces.smallReads(10_000),
    profiles: ["lan"],
  },
  "zip-open-1of10": { title: "zip: open, 1 of 10", file: "small.zip", zip: zipPlays.one(3) },
  "zip-all-10": { title: "zip: all 10", file: "small.zip", zip: zipPlays.all },
  "zip-list-10k": { title: "zip: list 10,000", file: "many.zip", zip: zipPlays.list },
  "zip-5of10k": {
    title: "zip: 5 of 10,000",
    file: "many.zip",
    zip: zipPlays.some([17, 2500, 4711, 7001, 9100]),
  },
  "zip64-1of66k": { title: "zip64: 1 of 66,000", file: "zip64.zip", zip: zipPlays.one(31_415) },
  "zip-stored-200M": { title: "zip: stored 200 MiB", file: "stored.zip", zip: zipPlays.big(1) },
  "zip-deflated-200M": { title: "zip: deflated 200 MiB", file: "deflated.zip", zip: zipPlays.big(1) },
  download: { title: "download of 256 MiB", file: "flat-256.bin", download: true },
};

export const workloadNames = Object.keys(definitions);

/** Whether it can be played over that link: what is all round trips takes minutes on a far one. */
export function suits(name, profile) {
  return definitions[name].profiles?.includes(profile) ?? true;
}

/** The workload in words, for a table. */
export function titleOf(name) {
  return definitions[name].title;
}

/** What of a contender a workload needs: `read`, `zip` or `download`. */
export function kindOf(name) {
  const { zip, download } = definitions[name];
  return zip !== undefined ? "zip" : download === true ? "download" : "read";
}

export function fileOf(name, profile) {
  const { file } = definitions[name];
  return typeof file === "function" ? file(profile) : file;
}

/** How many bytes a trace reads, each counted once; undefined for archives, where it depends on how one reads them. */
export function wantedBytes(name, profile) {
  const { trace, download } = definitions[name];
  const file = trace === undefined && download !== true ? undefined : fileNamed(fileOf(name, profile));
  if (download === true) return file.size;
  if (trace === undefined) return undefined;
  return joinedRanges(trace(file).lanes.flat(2), 0).reduce((sum, [start, end]) => sum + end - start, 0);
}

/**
 * The workload with its file and what is asked of it: `total` in the units of `progress.done`, and `play(contender, progress)`.
 */
export function openWorkload(name, profile) {
  const definition = definitions[name];
  const fileName = fileOf(name, profile);
  const file = fileNamed(fileName);
  const kind = kindOf(name);
  if (kind === "read") {
    const trace = definition.trace(file);
    const total = trace.lanes.flat().reduce((sum, ranges) => sum + ranges.length, 0);
    return {
      name,
      kind,
      fileName,
      file,
      trace,
      total,
      play: (reader, progress) => playTrace(reader, { file, trace, progress }),
    };
  }
  if (kind === "download")
    return {
      name,
      kind,
      fileName,
      file,
      total: file.size,
      play: (download, progress) => playDownload(download, { file, progress }),
    };
  const { wanted, total, play } = definition.zip(file);
  return { name, kind, fileName, file, wanted, total, play };
}
