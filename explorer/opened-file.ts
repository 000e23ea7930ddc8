import { isRangeStreamsError, type OpenOptions, openSource, type PlannedSource, Range } from "range-streams";
import { type AnyArchive, type Entry, openArchive } from "range-streams/archive";
import { openPng } from "range-streams/png";
import { formatError } from "./failure.ts";
import { archiveSegments, pngSegments, type Segments, wholeSegment, withNested } from "./map-model.ts";
import { sniffKind } from "./sniff-kind.ts";

/** A PNG up to this is walked through for its map. */
const WALKED_BYTES = 2 * 1024 * 1024;

/** The file, or an archive in the one before. */
export interface Level {
  /** As stored: untrusted. */
  readonly name: string;
  readonly source: PlannedSource;
  /** Undefined for a file that is no archive that can be read. */
  readonly archive: AnyArchive | undefined;
  /** Why it is none, where it looked like one, as it may be shown. */
  readonly notice: string | undefined;
  /** Where it lies in the file, where its bytes are there as they are. */
  readonly place: Range | undefined;
}

/** What to open, and how. */
export interface Opening {
  readonly input: string | Blob;
  readonly name: string;
  readonly options: OpenOptions;
}

/** A file that is looked into, and the archives in it that are open, the outermost first. */
export class OpenedFile implements AsyncDisposable {
  readonly name: string;
  readonly source: PlannedSource;
  readonly levels: Level[] = [];
  #segments: Segments | undefined;

  private constructor(name: string, source: PlannedSource) {
    this.name = name;
    this.source = source;
  }

  /** @throws whatever `openSource` throws; a file that is no archive is opened all the same. */
  static async open({ input, name, options }: Opening): Promise<OpenedFile> {
    const source = await openSource(input, options);
    const file = new OpenedFile(name, source);
    try {
      file.levels.push(await openOutermost(name, source, options.signal));
      return file;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get innermost(): Level {
    const level = this.levels.at(-1);
    if (level === undefined) throw new Error("An opened file has a level");
    return level;
  }

  /** @throws what opening the member throws; FORMAT where it is no archive. */
  async enter(entry: Entry, signal: AbortSignal): Promise<Level> {
    const place = await this.#placeOf(entry, signal);
    const source = await entry.source({ signal });
    try {
      const archive = await openArchive(source, { signal });
      signal.throwIfAborted();
      const level = { name: entry.name, source, archive, notice: undefined, place };
      this.levels.push(level);
      this.#segments = undefined;
      return level;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  /** Goes back out to a level, 0 being the file. */
  async leaveTo(depth: number): Promise<void> {
    const left = this.levels.splice(depth + 1);
    this.#segments = undefined;
    for (const { archive, source } of left.reverse()) {
      await archive?.close();
      await source.close();
    }
  }

  /** Where a member of the innermost archive lies in the file; undefined where its bytes have no place there. */
  async placeInFile(entry: Entry, signal: AbortSignal): Promise<Range | undefined> {
    const { archive, place } = this.innermost;
    if (archive === undefined || archive.format.startsWith("tar.")) return undefined;
    if (this.levels.length > 1 && place === undefined) return undefined;
    const range = await entry.range({ signal });
    return place === undefined ? range : new Range(range.start + place.start, range.end + place.start);
  }

  /** The parts of the file, those of the archives in it included. Reads the heads of a PNG's chunks, nothing else. */
  async segments(signal: AbortSignal): Promise<Segments> {
    this.#segments ??= await this.#makeSegments(signal);
    return this.#segments;
  }

  async close(): Promise<void> {
    await this.leaveTo(0);
    await this.innermost.archive?.close();
    await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #placeOf(entry: Entry, signal: AbortSignal): Promise<Range | undefined> {
    return entry.method === "store" ? await this.placeInFile(entry, signal) : undefined;
  }

  async #makeSegments(signal: AbortSignal): Promise<Segments> {
    const { source } = this;
    const size = Number.isFinite(source.size) ? source.size : 0;
    const [outermost, ...inner] = this.levels;
    if (outermost?.archive === undefined) return await fileSegments(source, size, signal);
    let segments = archiveSegments(outermost.archive, size);
    for (const { archive, place } of inner) {
      if (archive === undefined || place === undefined) break;
      segments = withNested(segments, place, archiveSegments(archive, place.length));
    }
    return segments;
  }
}

async function fileSegments(source: PlannedSource, size: number, signal: AbortSignal): Promise<Segments> {
  try {
    const head = await source.read([0, Math.min(8, size)], { signal });
    if (sniffKind(head, false).kind !== "png") return wholeSegment(size, "the file");
    const png = await openPng(source, { signal });
    // The heads of a large image's chunks lie all over it: those of its beginning have to do.
    return pngSegments(size <= WALKED_BYTES ? await png.allChunks({ signal }) : png.chunks, size);
  } catch {
    // A map is not worth an error: what is wrong shows where the content is looked at.
    return wholeSegment(size, "the file");
  }
}

async function openOutermost(
  name: string,
  source: PlannedSource,
  signal: AbortSignal | undefined,
): Promise<Level> {
  const level = { name, source, archive: undefined, notice: undefined, place: undefined };
  if (source.size === 0) return level;
  try {
    return { ...level, archive: await openArchive(source, { signal }) };
  } catch (error) {
    if (!isRangeStreamsError(error, "FORMAT", "AMBIGUOUS", "UNSUPPORTED", "CHECKSUM", "LIMIT")) throw error;
    const head = await source.read([0, Math.min(512, source.size)], { signal });
    const looksLikeOne = sniffKind(head, source.size <= 512).kind === "archive";
    return looksLikeOne ? { ...level, notice: formatError(error) } : level;
  }
}
