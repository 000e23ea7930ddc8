import type { Archive } from "../../archive.ts";
import { type PlannedSource, Range, RangeSet } from "../../index.ts";
import { type ReceiptReport, reportReceipt } from "../format-receipt.ts";

/** Half-open bytes of a file and what they are. */
export interface MapPart {
  readonly kind: "member" | "directory" | "gap";
  /** Of the member; else empty. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** A file as a map: what lies where, and what of it was fetched. */
export interface FileMap {
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** Of the archive; null for what is none. */
  readonly format: string | null;
  /** Ascending and without holes. */
  readonly parts: readonly MapPart[];
  /** Half-open, ascending. */
  readonly fetched: readonly (readonly [start: number, end: number])[];
  readonly receipt: ReceiptReport;
}

/** Formats whose directory lies behind the last member. */
const ENDS_WITH_DIRECTORY: ReadonlySet<string> = new Set(["zip", "conda", "wheel"]);

/** The map of a source, with the members of the archive in it, where it is one. Sends nothing. */
export function mapFile(source: PlannedSource, archive: Archive | undefined): FileMap {
  return {
    url: source.name,
    size: source.size,
    format: archive?.format ?? null,
    parts: archive === undefined ? [] : [...mapParts(archive)],
    fetched: [...source.receipt.ranges].map(({ start, end }) => [start, end] as const),
    receipt: reportReceipt(source),
  };
}

function* mapParts(archive: Archive): Generator<MapPart, void, undefined> {
  const { source, ranges, format } = archive;
  const members = [...ranges];
  const all = new Range(0, source.size);
  const taken = new RangeSet(members.map(([range]) => range));
  const holes = taken.missing(all).map((range): MapPart => {
    const isDirectory =
      ENDS_WITH_DIRECTORY.has(format) && range.end === all.end && range.start >= (taken.span()?.end ?? 0);
    return { kind: isDirectory ? "directory" : "gap", name: "", start: range.start, end: range.end };
  });
  const parts = members.map(([{ start, end }, { name }]): MapPart => ({ kind: "member", name, start, end }));
  yield* [...parts, ...holes].sort((one, other) => one.start - other.start);
}
