import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Archive, Entry, EntryStream } from "../codecs/archive.ts";
import type { Bytes } from "../source/source.ts";
import { chunksOf } from "../source/stream-chunks.ts";
import type { ExtractResult, ResolvedOptions } from "./extract-options.ts";
import { fileSystemError } from "./file-system-error.node.ts";
import { placeCopy, placeFile, placeLink, setDate } from "./place-file.node.ts";
import type { PlannedFile } from "./plan-extraction.ts";
import type { Notes, Staging } from "./staging.node.ts";
import { keyOf, type Survey, throughLink } from "./survey.node.ts";
import { TaskPool } from "./task-pool.ts";

/** Files up to this size are held whole, and several of them are written at a time. *Unmeasured*. */
const SMALL_BYTES = 256 * 1024;
/** *Unmeasured*: as many as Node has threads for files by default. */
const WRITERS = 4;

/** What writing needs beside what to write. */
interface Writing {
  readonly staging: Staging;
  readonly notes: Notes;
  readonly options: ResolvedOptions;
}

/** What {@link writeExtraction} needs beside what to write. */
export interface WritingOptions extends Omit<Writing, "staging"> {
  /** Makes the directory too, where it is missing. */
  openStaging(): Promise<Staging>;
}

/** Writes what a survey found to be missing. */
export async function writeExtraction(
  archive: Archive,
  survey: Survey,
  { openStaging, notes, options }: WritingOptions,
): Promise<Pick<ExtractResult, "files" | "directories" | "links" | "bytes">> {
  const { signal, keepNotes } = options;
  const wanted = survey.files.map(({ entry }) => entry);
  const members = arriveEach(archive.streamEach(wanted, { signal }));
  let staging: Staging | undefined;
  let isDone = false;
  try {
    // Nothing is made before the first bytes have come: members that cannot be read, and an archive that changed, are refused by then.
    const first = await members.next();
    staging = await openStaging();
    const writer = new Writer(survey, { staging, notes, options });
    await writer.makeDirectories();
    await writer.writeFiles(first, members);
    await writer.copyFiles();
    await writer.makeLinks();
    await writer.dateDirectories();
    isDone = true;
    const { files, copies, directories, links } = survey;
    const done = {
      files: files.length + copies.length,
      directories: directories.length,
      links: links.length,
    };
    return { ...done, bytes: writer.bytes };
  } finally {
    await members.return();
    await staging?.end(isDone && !keepNotes);
  }
}

class Writer {
  readonly #survey: Survey;
  readonly #writing: Writing;
  readonly #root: string;
  readonly #crcs = new Map<string, number>();
  readonly #totalBytes: number;
  readonly #totalFiles: number;
  #doneFiles: number;
  /** Bytes that were written. */
  bytes = 0;

  constructor(survey: Survey, writing: Writing) {
    const { files, copies, links, kept, keptBytes } = survey;
    this.#survey = survey;
    this.#writing = writing;
    this.#root = dirname(writing.staging.path);
    this.#totalBytes = [...files, ...copies].reduce((sum, { entry }) => sum + entry.size, keptBytes);
    this.#totalFiles = kept + files.length + copies.length + links.length;
    this.#doneFiles = kept;
  }

  async writeFiles(
    first: IteratorResult<ArrivedMember, void>,
    members: AsyncGenerator<ArrivedMember, void, void>,
  ): Promise<void> {
    const planned = new Map(this.#survey.files.map((file) => [file.entry, file]));
    const pool = new TaskPool(WRITERS);
    try {
      for (let next = first; next.done !== true; next = await members.next()) {
        const { entry, chunks } = next.value;
        const file = planned.get(entry);
        if (file === undefined) continue;
        if (entry.size <= SMALL_BYTES) await pool.begin(() => this.#writeFile(file, chunks));
        else await this.#writeFile(file, chunks);
      }
      await pool.end();
      this.#writing.options.signal?.throwIfAborted();
    } finally {
      // What is on its way ends first.
      await members.return();
      await pool.settle();
    }
  }

  async copyFiles(): Promise<void> {
    const { notes } = this.#writing;
    for (const { entry, parts, from } of this.#survey.copies) {
      this.#writing.options.signal?.throwIfAborted();
      const path = this.#path(parts);
      const original = keyOf(from.parts);
      const crc32 = this.#crcs.get(original) ?? notes.files.get(original)?.crc32;
      const onWritten = (): Promise<void> => this.#note({ entry, parts }, crc32);
      await this.#attempt(path, () =>
        placeCopy({ path, from: this.#path(from.parts), entry, onWritten }, this.#placing),
      );
      this.bytes += entry.size;
      this.#finish(entry);
    }
  }

  async makeLinks(): Promise<void> {
    for (const { entry, parts, target } of this.#survey.links) {
      this.#writing.options.signal?.throwIfAborted();
      const path = this.#path(parts);
      await this.#attempt(path, () => placeLink(path, target, this.#placing));
      this.#doneFiles += 1;
      this.#tell(entry);
    }
  }

  /** When nothing is put into them any more, those in others first. */
  async dateDirectories(): Promise<void> {
    for (const { parts, entry } of [...this.#survey.datedDirectories].reverse()) {
      const path = this.#path(parts);
      if (entry !== undefined) await this.#attempt(path, () => setDate(path, entry));
    }
  }

  async makeDirectories(): Promise<void> {
    const { staging } = this.#writing;
    const dated = this.#survey.directories.filter(({ entry }) => entry?.modified !== undefined);
    await this.#attempt(staging.path, () => staging.noteFolders(dated.map(({ parts }) => keyOf(parts))));
    for (const { parts, entry } of this.#survey.directories) {
      this.#writing.options.signal?.throwIfAborted();
      const path = this.#path(parts);
      // Its owner can write there, so that what is to be in it can be put into it, now or later.
      const mode = entry?.mode === undefined ? 0o777 : (entry.mode & 0o777) | 0o700;
      await this.#attempt(path, () => makeDirectory(path, mode));
    }
  }

  async #writeFile(file: PlannedFile, chunks: AsyncIterable<Bytes> | Iterable<Bytes>): Promise<void> {
    const { entry, parts } = file;
    this.#writing.options.signal?.throwIfAborted();
    const path = this.#path(parts);
    const onBytes = (byteLength: number): void => {
      this.bytes += byteLength;
      this.#tell(entry);
    };
    const onWritten = (crc32: number): Promise<void> => {
      this.#crcs.set(keyOf(parts), crc32);
      return this.#note(file, crc32);
    };
    await this.#attempt(path, () => placeFile({ path, entry, chunks, onBytes, onWritten }, this.#placing));
    this.#finish(entry);
  }

  /** Before it gets its name, as a killed run could leave it there unknown; a later run compares its bytes with the note. */
  async #note({ entry, parts }: PlannedFile, crc32: number | undefined): Promise<void> {
    if (entry.crc32 !== undefined || crc32 === undefined) return;
    const key = keyOf(parts);
    await this.#attempt(key, () => this.#writing.staging.noteFile(key, { size: entry.size, crc32 }));
  }

  #finish(entry: Entry): void {
    this.#doneFiles += 1;
    this.#tell(entry);
  }

  #tell(entry: Entry): void {
    this.#writing.options.onProgress?.({
      entry,
      bytes: this.#survey.keptBytes + this.bytes,
      totalBytes: this.#totalBytes,
      files: this.#doneFiles,
      totalFiles: this.#totalFiles,
    });
  }

  get #placing(): Parameters<typeof placeLink>[2] {
    const { overwrite, sync } = this.#writing.options;
    return { staging: this.#writing.staging, overwrite, sync };
  }

  #path(parts: readonly string[]): string {
    return join(this.#root, ...parts);
  }

  async #attempt(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw fileSystemError(error, path);
    }
  }
}

/** @throws UNSAFE_PATH where a link has come there meanwhile. */
async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const found = await lstat(path);
    if (found.isSymbolicLink()) throw throughLink(path);
    if (!found.isDirectory()) throw error;
  }
}

/** A member whose first bytes have come, a small one whole. */
interface ArrivedMember {
  readonly entry: Entry;
  readonly chunks: AsyncIterable<Bytes> | Iterable<Bytes>;
}

async function* arriveEach(members: AsyncIterable<EntryStream>): AsyncGenerator<ArrivedMember, void, void> {
  for await (const { entry, stream } of members) {
    const chunks = chunksOf(stream);
    const held: Bytes[] = [];
    let next = await chunks.next();
    if (entry.size > SMALL_BYTES) {
      yield { entry, chunks: next.done ? held : continueWith(next.value, chunks) };
      continue;
    }
    for (; !next.done; next = await chunks.next()) held.push(next.value);
    yield { entry, chunks: held };
  }
}

async function* continueWith(
  first: Bytes,
  rest: AsyncGenerator<Bytes, void, void>,
): AsyncGenerator<Bytes, void, void> {
  yield first;
  yield* rest;
}
