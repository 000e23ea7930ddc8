import { isRangeStreamsError, RangeStreamsError } from "../../errors.ts";
import type { ZipArchive, ZipEntry } from "../zip/zip-archive.ts";

/** What makes a zip a wheel. */
export interface WheelParts {
  /** `name-version.dist-info` */
  readonly distInfo: string;
  readonly metadata: ZipEntry;
}

const DIST_INFO = /^([^/]+\.dist-info)\//;

/**
 * The one `….dist-info/` at the top of a wheel, with one WHEEL and one METADATA (binary distribution format). Sends nothing.
 *
 * @throws FORMAT where one is missing, AMBIGUOUS for several.
 */
export function findWheelParts(zip: ZipArchive): WheelParts {
  const archive = zip.source.name;
  const folders = new Map<string, Record<"METADATA" | "WHEEL", ZipEntry[]>>();
  for (const entry of zip.entries) {
    const { name } = entry;
    const folder = DIST_INFO.exec(name)?.[1];
    if (folder === undefined) continue;
    const found = folders.get(folder) ?? { METADATA: [], WHEEL: [] };
    folders.set(folder, found);
    const rest = name.slice(folder.length + 1);
    if (rest === "METADATA" || rest === "WHEEL") found[rest].push(entry);
  }
  const [first, ...others] = folders;
  if (first === undefined) throw notWheel("FORMAT", archive, "a zip without a .dist-info folder");
  if (others.length > 0) throw notWheel("AMBIGUOUS", archive, `${folders.size} .dist-info folders`);
  const [distInfo, found] = first;
  for (const [name, { length }] of Object.entries(found)) {
    if (length === 0) throw notWheel("FORMAT", archive, `a zip without ${distInfo}/${name}`);
    if (length > 1) throw notWheel("AMBIGUOUS", archive, `${length} members ${distInfo}/${name}`);
  }
  return { distInfo, metadata: found.METADATA[0] as ZipEntry };
}

/** Whether a zip is a wheel: one with several `.dist-info` folders, as an environment packed whole, is none. */
export function tellWheel(zip: ZipArchive): WheelParts | undefined {
  try {
    return findWheelParts(zip);
  } catch (error) {
    if (isRangeStreamsError(error, "FORMAT", "AMBIGUOUS")) return undefined;
    throw error;
  }
}

function notWheel(code: "FORMAT" | "AMBIGUOUS", archive: string, got: string): RangeStreamsError {
  const advice = code === "FORMAT" ? "it is none, or damaged" : "do not trust it";
  return new RangeStreamsError(code, `Opened ${archive} as a wheel: got ${got}; ${advice}`);
}
