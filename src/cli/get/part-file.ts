import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { Range, RangeSet, RangeStreamsError } from "../../index.ts";
import { fileError } from "../file-error.ts";
import { moveIntoPlace } from "../move-into-place.ts";
import {
  type DownloadFacts,
  formatFacts,
  formatSpan,
  isProvable,
  isSameUrl,
  isSameVersion,
  MAX_JOURNAL_BYTES,
  parseJournal,
  type WrittenSpan,
} from "./journal.ts";

/** A span is noted once it is this long: what a killed process has to fetch again. */
const SPAN_BYTES = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
// Neither is on Windows, where links are made by few.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** How a download begins. */
export interface PartOptions {
  /** Forget what an earlier run left. */
  readonly restart: boolean;
  /** Told why what an earlier run left is not used. */
  note(reason: string): void;
  readonly signal: AbortSignal;
}

/**
 * A download that is not complete: its bytes in `FILE.part`, and in `FILE.part.json` what of them came verified, with a SHA-256 each. The
 * notes are only ever added to; so a process may be killed at any moment, and what its successor believes it has checked.
 */
export class PartFile {
  readonly path: string;
  /** Bytes that an earlier run left, and that are right. */
  readonly resumedBytes: number;
  readonly #facts: DownloadFacts;
  readonly #bytes: FileHandle;
  readonly #journal: FileHandle;
  readonly #written: RangeSet;
  #span: { readonly start: number; end: number; readonly hash: Hash } | undefined;

  private constructor({ path, facts, bytes, journal, spans }: PartParts) {
    this.path = path;
    this.#facts = facts;
    this.#bytes = bytes;
    this.#journal = journal;
    this.#written = new RangeSet(spans.map(({ start, end }) => new Range(start, end)));
    this.resumedBytes = this.#written.byteLength;
  }

  /**
   * Goes on with what an earlier run left for this very file, or begins.
   *
   * @throws CHANGED where that run was of another version of the file; UNSAFE_PATH for a link; and what the file system says.
   */
  static async open(path: string, facts: DownloadFacts, options: PartOptions): Promise<PartFile> {
    try {
      const bytes = await open(path, constants.O_RDWR | constants.O_CREAT | NO_FOLLOW, 0o666);
      try {
        const spans = await readSpans({ path, facts, bytes }, options);
        if (spans.length === 0) await bytes.truncate(0);
        const journal = await startJournal(path, facts, spans);
        return new PartFile({ path, facts, bytes, journal, spans });
      } catch (error) {
        await bytes.close();
        throw error;
      }
    } catch (error) {
      throw fileError(path, error);
    }
  }

  get writtenBytes(): number {
    return this.#written.byteLength;
  }

  /** What is still to come, ascending. */
  missing(): Range[] {
    return this.#written.missing(new Range(0, this.#facts.size));
  }

  /** Writes what came, in order within each of the {@link missing} ranges. */
  async write(position: number, chunk: Uint8Array): Promise<void> {
    if (this.#span?.end !== position) await this.flush();
    try {
      await writeAll(this.#bytes, chunk, position);
    } catch (error) {
      throw fileError(this.path, error);
    }
    this.#span ??= { start: position, end: position, hash: createHash("sha256") };
    this.#span.hash.update(chunk);
    this.#span.end += chunk.byteLength;
    this.#written.add(new Range(position, this.#span.end));
    if (this.#span.end - this.#span.start >= SPAN_BYTES) await this.flush();
  }

  /** Notes what was written and not yet noted. */
  async flush(): Promise<void> {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    const { start, end, hash } = span;
    try {
      await this.#journal.appendFile(formatSpan({ start, end, sha256: hash.digest("hex") }));
    } catch (error) {
      throw fileError(notesOf(this.path), error);
    }
  }

  /** SHA-256 of all of it, as it is on the disk, in hexadecimal. */
  async sha256(signal: AbortSignal): Promise<string> {
    return hashSpan(this.#bytes, new Range(0, this.#facts.size), signal);
  }

  /**
   * Gives the complete file its name, in one step; the notes go.
   *
   * @throws EXISTS for what has come there meanwhile, and what the file system says.
   */
  async place(target: string, overwrite: boolean): Promise<void> {
    try {
      await this.#bytes.sync();
      await moveIntoPlace(this.path, target, overwrite);
    } catch (error) {
      throw fileError(target, error);
    }
    await unlink(notesOf(this.path)).catch(() => undefined);
  }

  /** Closes it; where nothing was written, nothing is left. */
  async close(): Promise<void> {
    await Promise.all([this.#bytes.close(), this.#journal.close()]);
    if (this.#written.byteLength > 0) return;
    await Promise.all([this.path, notesOf(this.path)].map((path) => unlink(path).catch(() => undefined)));
  }
}

interface PartParts {
  readonly path: string;
  readonly facts: DownloadFacts;
  readonly bytes: FileHandle;
  readonly journal: FileHandle;
  readonly spans: readonly WrittenSpan[];
}

function notesOf(path: string): string {
  return `${path}.json`;
}

/** The spans of an earlier run that are right; none where there was none, or where it cannot be gone on with. */
async function readSpans(
  { path, facts, bytes }: Pick<PartParts, "path" | "facts" | "bytes">,
  { restart, note, signal }: PartOptions,
): Promise<readonly WrittenSpan[]> {
  const stat = await bytes.stat();
  if (!stat.isFile()) {
    const message = `${path}: asked to write it, got what is no regular file; look at what is there`;
    throw new RangeStreamsError("UNSAFE_PATH", message);
  }
  const text = await readNotes(notesOf(path));
  if (restart || (text === undefined && stat.size === 0)) return [];
  const journal = text === undefined ? "it has no notes" : parseJournal(text);
  if (typeof journal === "string") return begin(journal);
  const { facts: earlier, spans } = journal;
  if (!isSameUrl(earlier.url, facts.url)) return begin("it is of another URL");
  if (!isProvable(facts.identity) && !isProvable(earlier.identity)) {
    return begin("the server tells nothing by which versions of the file could be told apart");
  }
  if (!isSameVersion(earlier, facts)) {
    const message = `${facts.url}: asked to go on with ${path}, got another version of the file; --restart fetches it from its start`;
    throw new RangeStreamsError("CHANGED", message);
  }
  if (stat.size > facts.size) return begin("it is longer than the file");
  const right = await checkSpans(bytes, spans, signal);
  if (right.length < spans.length) {
    note(`${path}: ${spans.length - right.length} of ${spans.length} parts are damaged, and fetched again`);
  }
  return right;

  function begin(reason: string): readonly [] {
    note(`${path}: ${reason}; all of it is fetched again`);
    return [];
  }
}

async function readNotes(path: string): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | NO_FOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw fileError(path, error);
  }
  try {
    const { size } = await file.stat();
    // Empty text is no notes of ours, and says so.
    return size > MAX_JOURNAL_BYTES ? "" : await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

async function checkSpans(
  bytes: FileHandle,
  spans: readonly WrittenSpan[],
  signal: AbortSignal,
): Promise<WrittenSpan[]> {
  const right: WrittenSpan[] = [];
  for (const span of spans) {
    const found = await hashSpan(bytes, new Range(span.start, span.end), signal);
    if (found === span.sha256) right.push(span);
  }
  return right;
}

async function hashSpan(file: FileHandle, { start, end }: Range, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const piece = new Uint8Array(Math.min(PIECE_BYTES, end - start));
  for (let position = start; position < end; ) {
    signal.throwIfAborted();
    const length = Math.min(piece.byteLength, end - position);
    const { bytesRead } = await file.read(piece, 0, length, position);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    position += bytesRead;
  }
  return hash.digest("hex");
}

/** Notes of what is believed, put in the place of the earlier ones in one step. */
async function startJournal(
  path: string,
  facts: DownloadFacts,
  spans: readonly WrittenSpan[],
): Promise<FileHandle> {
  const fresh = `${notesOf(path)}.new`;
  await unlink(fresh).catch(() => undefined);
  const journal = await open(fresh, "ax");
  try {
    await journal.appendFile(formatFacts(facts) + spans.map(formatSpan).join(""));
    await rename(fresh, notesOf(path));
    return journal;
  } catch (error) {
    await journal.close();
    await unlink(fresh).catch(() => undefined);
    throw error;
  }
}

/** A write may take less than all of it, as on a disk that is nearly full. */
async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    const length = chunk.byteLength - written;
    const { bytesWritten } = await file.write(chunk, written, length, position + written);
    written += bytesWritten;
  }
}
