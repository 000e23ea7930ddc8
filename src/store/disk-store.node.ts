import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RangeStreamsError } from "../errors.ts";
import type { BlockStore, Bytes } from "../source/source.ts";
import { evictBlocks, prepareDirectory, remove } from "./disk-store-directory.node.ts";
import {
  type OpenBlockFile,
  openBlockFile,
  readExactly,
  readHead,
  replaceFile,
  withFile,
  writeAll,
} from "./disk-store-file.node.ts";
import {
  checksum,
  decodeEntry,
  encodeEntry,
  hasHeader,
  type IndexEntry,
  type KeyPlace,
  NO_ENTRY,
  placeKey,
  SLOT_BYTES,
} from "./disk-store-layout.node.ts";

/** Options of {@link diskStore}. */
export interface DiskStoreOptions {
  /** Bytes on disk at most; what was used least recently goes first. Default 1 GiB. */
  maxBytes?: number | undefined;
}

/** *Unmeasured*: room for the parts of some hundred archives that a command usually reads. */
const MAX_BYTES = 1024 * 1024 * 1024;
/** The directory is looked through whenever this part of the limit was written. *Unmeasured*. */
const CHECK_SHARE = 1 / 16;
/** Evicted down to this part of the limit, so that it is not done at every check. *Unmeasured*. */
const KEPT_SHARE = 7 / 8;
/** A file that is read again and again is marked as used once in so long. */
const MARK_MS = 1000;

const LONGEST = 0xffff_ffff;

/**
 * A {@link BlockStore} in a directory of its own, for any number of processes at once. The directory is made where it is missing,
 * with all its parents, and is private (0700, its files 0600). Values are checked against a checksum when they are read: what is
 * torn, garbage or cut short is as if it were not there. There is nothing to close.
 *
 * Its methods reject with what the file system says, and with INVALID_ARGUMENT where other users can write to the directory; as
 * the store of a source that costs no read.
 *
 * @throws INVALID_ARGUMENT for a directory that is none, or a limit that is no number of bytes.
 */
export function diskStore(directory: string | URL, options: DiskStoreOptions = {}): BlockStore {
  const { maxBytes = MAX_BYTES } = options;
  if (typeof maxBytes !== "number" || !(maxBytes > 0)) {
    const message = `Asked for a disk store of at most ${maxBytes} bytes; give a positive number`;
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  return new DiskStore(pathOf(directory), maxBytes);
}

function pathOf(directory: string | URL): string {
  if (typeof directory === "string" && directory !== "" && !directory.includes("\0"))
    return resolve(directory);
  try {
    return fileURLToPath(directory);
  } catch (cause) {
    const message = `Asked for a disk store in ${directory || "nothing"}; give the path of a directory, or its file: URL`;
    throw new RangeStreamsError("INVALID_ARGUMENT", message, { cause });
  }
}

class DiskStore implements BlockStore {
  readonly #path: string;
  readonly #maxBytes: number;
  /** The directory, once it was made sure of. */
  #directory: Promise<string> | undefined;
  /** Last change of each key under way, so that changes of one key in one process happen one after the other. */
  readonly #changes = new Map<string, Promise<void>>();
  /** When files were last marked as used. */
  readonly #marked = new Map<string, number>();
  #evicting: Promise<void> | undefined;
  #unchecked: number;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    // The first thing written is a reason to look: whoever was here before may have had a higher limit.
    this.#unchecked = maxBytes;
  }

  async get(key: string): Promise<Bytes | undefined> {
    await this.#changes.get(key)?.catch(() => undefined);
    const place = placeKey(key);
    const directory = await this.#prepared();
    return withFile(join(directory, place.fileName), constants.O_RDONLY, async (file) => {
      const head = await readHead(file);
      const entry = hasHeader(head, place) ? decodeEntry(head, place) : undefined;
      if (entry === undefined) return undefined;
      const value = await this.#readValue(file, place, entry);
      if (value === undefined || checksum(value) !== entry.crc) return undefined;
      await this.#mark(file, place.fileName);
      return value;
    });
  }

  set(key: string, value: Bytes): Promise<void> {
    return this.#change(key, async () => {
      if (value.byteLength > Math.min(this.#maxBytes, LONGEST)) return this.#forget(key);
      const place = placeKey(key);
      const { directory, file, head } = await this.#openForWriting(place);
      try {
        const before = decodeEntry(head, place);
        if (value.byteLength > SLOT_BYTES) await replaceFile(directory, place.longName, value);
        else await writeAll(file, value, place.slotOffset);
        // Last, and so small that it is there wholly or not at all. Until then the old entry fits no value.
        await writeAll(file, encodeEntry(place, value), place.entryOffset);
        if (isLong(before) && value.byteLength <= SLOT_BYTES) await remove(join(directory, place.longName));
      } finally {
        await file.close();
      }
      await this.#countWritten(directory, value.byteLength);
    });
  }

  delete(key: string): Promise<void> {
    return this.#change(key, () => this.#forget(key));
  }

  async #forget(key: string): Promise<void> {
    const place = placeKey(key);
    const directory = await this.#prepared();
    await withFile(join(directory, place.fileName), constants.O_RDWR, async (file) => {
      const head = await readHead(file);
      const entry = hasHeader(head, place) ? decodeEntry(head, place) : undefined;
      if (entry === undefined) return;
      await writeAll(file, NO_ENTRY, place.entryOffset);
      if (isLong(entry)) await remove(join(directory, place.longName));
    });
  }

  #change(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(key) ?? Promise.resolve();
    const change = before.catch(() => undefined).then(work);
    this.#changes.set(key, change);
    const forget = (): void => {
      if (this.#changes.get(key) === change) this.#changes.delete(key);
    };
    change.then(forget, forget);
    return change;
  }

  /** A failure is not remembered: the next call tries again. */
  #prepared(): Promise<string> {
    const preparing = this.#directory ?? prepareDirectory(this.#path);
    this.#directory = preparing;
    preparing.catch(() => {
      if (this.#directory === preparing) this.#directory = undefined;
    });
    return preparing;
  }

  async #readValue(file: FileHandle, place: KeyPlace, entry: IndexEntry): Promise<Bytes | undefined> {
    if (!isLong(entry)) return readExactly(file, place.slotOffset, entry.length);
    return withFile(join(await this.#prepared(), place.longName), constants.O_RDONLY, async (long) => {
      // The index alone is no reason to allocate gigabytes.
      if ((await long.stat()).size !== entry.length) return undefined;
      await this.#mark(long, place.longName);
      return readExactly(long, 0, entry.length);
    });
  }

  async #openForWriting(place: KeyPlace): Promise<OpenBlockFile & { directory: string }> {
    for (let turn = 0; turn < 4; turn++) {
      const directory = await this.#prepared();
      const path = join(directory, place.fileName);
      const opened = await openBlockFile(path, place);
      if (typeof opened === "object") return { ...opened, directory };
      if (opened === "foreign") await remove(path);
      // Somebody removed the directory: it is made again.
      else this.#directory = undefined;
    }
    throw new Error(`${place.fileName} in ${this.#path} cannot be made a file of blocks`);
  }

  /** The time of the last change stands for that of the last use. */
  async #mark(file: FileHandle, name: string): Promise<void> {
    const now = Date.now();
    if (Math.abs(now - (this.#marked.get(name) ?? 0)) < MARK_MS) return;
    if (this.#marked.size >= 1000) this.#marked.clear();
    this.#marked.set(name, now);
    const date = new Date(now);
    // On a read-only file system nothing is evicted either.
    await file.utimes(date, date).catch(() => undefined);
  }

  async #countWritten(directory: string, byteLength: number): Promise<void> {
    this.#unchecked += byteLength;
    const share = this.#maxBytes * CHECK_SHARE;
    if (this.#unchecked < share) return;
    this.#unchecked = 0;
    const previous = this.#evicting ?? Promise.resolve();
    const limits = {
      limitBytes: this.#maxBytes * (1 - CHECK_SHARE),
      targetBytes: this.#maxBytes * KEPT_SHARE,
    };
    this.#evicting = previous.catch(() => undefined).then(() => evictBlocks(directory, limits));
    await this.#evicting;
  }
}

function isLong(entry: IndexEntry | undefined): boolean {
  return entry !== undefined && entry.length > SLOT_BYTES;
}
