import { Range } from "../ranges/range.ts";
import type { BlockStore, Bytes, Identity } from "../source/source.ts";
import { redactUrl } from "../source/url.ts";
import { doNotHoldProcess, StoreCalls } from "./stored-calls.ts";
import { sha256 } from "./stored-digest.ts";
import { cutParts, type StoredPart, StoredParts } from "./stored-parts.ts";
import { type BlockPlace, DIGEST_BYTES, decodeRecord, encodeRecord } from "./stored-record.ts";

/**
 * Bytes of a block. Between two costs, measured with a disk store on a busy machine for 16, 64 and 256 KiB: reading 64 MiB in
 * sequence (43, 75 and 111 MB/s), and the bytes written while 2,000 random reads of 4 KiB add to blocks in part there (9, 13 and
 * 22 MB).
 */
const BLOCK_BYTES = 64 * 1024;
/** How many blocks are read from, and how many written to, a store at once. *Unmeasured*. */
const LANES = 8;
/** Bytes that may wait to be written; what comes while so many do is not stored. *Unmeasured*. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** A block that is not complete is written once nothing was added to it for this long, up to twice that. *Unmeasured*. */
const REST_MS = 100;
/** How long `flush` waits for the store. *Unmeasured*. */
const FLUSH_MS = 2000;

/** What {@link StoredBytes} is made of. */
export interface StoredBytesOptions {
  readonly store: BlockStore;
  /** As the caller gave it. Only a hash of it, without its secrets, goes into keys. */
  readonly url: string;
  readonly size: number;
  readonly identity: Identity;
  /** Called once at most, when the store is given up. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Bytes of one block that wait to be written. */
interface WaitingBlock {
  readonly parts: StoredParts;
  /** The tick of the rest timer at which something was last added. */
  touched: number;
}

/**
 * The bytes of one identified representation in a block store: verified bytes go in, and only bytes that prove to be whole and of
 * this very representation come out. Nothing of it ever rejects, whatever the store does.
 */
export class StoredBytes {
  readonly #size: number;
  readonly #digest: Uint8Array;
  readonly #prefix: string;
  readonly #calls: StoreCalls;
  readonly #waiting = new Map<number, WaitingBlock>();
  /** Blocks of `#waiting` that are to be written as soon as there is a lane. */
  readonly #ready = new Set<number>();
  readonly #writing = new Map<number, StoredParts>();
  #waitingBytes = 0;
  #tick = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #onIdle: (() => void)[] = [];

  /**
   * The stored bytes of a source, or undefined where nothing may be kept: without a validator nobody could tell later whether they
   * are still the file's, and without a size nothing ties them to its end.
   */
  static forSource(options: StoredBytesOptions): StoredBytes | undefined {
    const { size, identity } = options;
    const validators = validatorsOf(identity);
    const name = redactUrl(options.url);
    if (validators === undefined || !Number.isSafeInteger(size) || !URL.canParse(options.url))
      return undefined;
    const identified = JSON.stringify([name, ...namingParameters(options.url), size, validators]);
    return new StoredBytes(options, { name, digest: sha256(new TextEncoder().encode(identified)) });
  }

  private constructor(options: StoredBytesOptions, { name, digest }: { name: string; digest: Bytes }) {
    this.#size = options.size;
    this.#digest = digest.subarray(0, DIGEST_BYTES);
    const hex = Array.from(this.#digest, (byte) => byte.toString(16).padStart(2, "0"));
    this.#prefix = `rs1-${hex.join("")}/`;
    this.#calls = new StoreCalls({ store: options.store, name, onWarning: options.onWarning });
  }

  /**
   * What is here of a range: disjoint parts, ascending, which may touch, each in a buffer of its own that belongs to the caller.
   * Empty where nothing is, or the store failed or took too long; never rejects.
   */
  async load(range: Range): Promise<[Range, Bytes][]> {
    const wanted = range.intersection(new Range(0, this.#size));
    if (wanted === undefined || wanted.isEmpty()) return [];
    const first = blockAt(wanted.start);
    const count = blockAt(wanted.end - 1) - first + 1;
    const found: [Range, Bytes][][] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < count) {
        const index = next++;
        found[index] = await this.#loadBlock(first + index, wanted);
      }
    };
    await Promise.all(Array.from({ length: Math.min(LANES, count) }, lane));
    return found.flat();
  }

  /**
   * Hands over verified bytes of a range. They are copied before this returns, and written in the background; where more wait than
   * memory is meant for, the rest is not stored. Never throws.
   */
  save(range: Range, bytes: Bytes): void {
    if (this.#calls.writesGivenUp || bytes.byteLength !== range.length || range.end > this.#size) return;
    for (let start = range.start; start < range.end; ) {
      const block = blockAt(start);
      const end = Math.min(range.end, this.#place(block).range.end);
      const piece = bytes.subarray(start - range.start, end - range.start);
      if (!this.#enqueue(block, { range: new Range(start, end), bytes: piece })) break;
      start = end;
    }
    this.#pump();
    this.#rest();
  }

  /** Resolves when all that was saved has been written, or could not be within two seconds. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#restTimer);
    this.#restTimer = undefined;
    for (const block of this.#waiting.keys()) this.#ready.add(block);
    this.#pump();
    if (this.#isIdle()) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#forgetWaiting();
        resolve();
      }, FLUSH_MS);
    });
    await Promise.race([late, new Promise<void>((resolve) => this.#onIdle.push(resolve))]);
    clearTimeout(timer);
  }

  #place(block: number): BlockPlace {
    const start = block * BLOCK_BYTES;
    const range = new Range(start, Math.min(start + BLOCK_BYTES, this.#size));
    return { digest: this.#digest, block, range };
  }

  async #loadBlock(block: number, wanted: Range): Promise<[Range, Bytes][]> {
    const unwritten = [this.#writing.get(block), this.#waiting.get(block)?.parts].filter((parts) => parts);
    const within = wanted.intersection(this.#place(block).range);
    if (within === undefined) return [];
    for (const parts of unwritten) if (parts?.missingBytes(within) === 0) return cutParts(parts, within);
    const stored = await this.#fetch(block);
    if (unwritten.length === 0) return cutParts(stored, within);
    const all = new StoredParts();
    for (const parts of [stored, ...unwritten]) for (const part of parts ?? []) all.add(part);
    return cutParts(all, within);
  }

  /** What the store has of a block, checked. What is no record of this very block is thrown out of the store. */
  async #fetch(block: number): Promise<StoredPart[]> {
    const key = this.#prefix + block;
    const value = await this.#calls.get(key);
    // A `Map`'s undefined and a database's null both mean that nothing is there.
    if (value === undefined || value === null) return [];
    const parts = decodeRecord(this.#place(block), value);
    if (parts === undefined) this.#calls.delete(key);
    return parts ?? [];
  }

  /** Whether there was room for it. */
  #enqueue(block: number, part: StoredPart): boolean {
    const waiting = this.#waiting.get(block) ?? { parts: new StoredParts(), touched: 0 };
    const missing = waiting.parts.missingBytes(part.range);
    if (this.#waitingBytes + missing > MAX_WAITING_BYTES) return false;
    waiting.parts.add(part);
    waiting.touched = this.#tick;
    this.#waitingBytes += missing;
    this.#waiting.set(block, waiting);
    if (waiting.parts.missingBytes(this.#place(block).range) === 0) this.#ready.add(block);
    return true;
  }

  /** Sees to it that incomplete blocks are written once they rest; at once where much is waiting. */
  #rest(): void {
    if (this.#waitingBytes > MAX_WAITING_BYTES / 2) {
      for (const block of this.#waiting.keys()) this.#ready.add(block);
      this.#pump();
    }
    if (this.#restTimer !== undefined || this.#waiting.size === 0) return;
    this.#restTimer = setTimeout(() => {
      this.#restTimer = undefined;
      for (const [block, { touched }] of this.#waiting) if (touched < this.#tick) this.#ready.add(block);
      this.#tick++;
      this.#pump();
      this.#rest();
    }, REST_MS);
    doNotHoldProcess(this.#restTimer);
  }

  #pump(): void {
    for (const block of this.#ready) {
      if (this.#writing.size >= LANES) return;
      const waiting = this.#waiting.get(block);
      if (waiting === undefined || this.#writing.has(block)) continue;
      this.#ready.delete(block);
      this.#waiting.delete(block);
      this.#writing.set(block, waiting.parts);
      void this.#write(block, waiting.parts).then(() => {
        this.#writing.delete(block);
        this.#waitingBytes -= waiting.parts.byteLength;
        this.#pump();
        if (this.#isIdle()) for (const resolve of this.#onIdle.splice(0)) resolve();
      });
    }
  }

  /** Writes a block together with what the store has of it already. */
  async #write(block: number, parts: StoredParts): Promise<void> {
    if (this.#calls.writesGivenUp) return;
    const place = this.#place(block);
    let all = parts;
    if (parts.missingBytes(place.range) > 0) {
      all = new StoredParts();
      for (const part of await this.#fetch(block)) all.add(part);
      const before = all.byteLength;
      for (const part of parts) all.add(part);
      if (all.byteLength === before) return;
    }
    await this.#calls.set(this.#prefix + block, encodeRecord(place, all));
  }

  #isIdle(): boolean {
    return this.#writing.size === 0 && this.#waiting.size === 0;
  }

  #forgetWaiting(): void {
    for (const { parts } of this.#waiting.values()) this.#waitingBytes -= parts.byteLength;
    this.#waiting.clear();
    this.#ready.clear();
  }
}

function blockAt(position: number): number {
  return Math.floor(position / BLOCK_BYTES);
}

/** What tells versions of a file apart. A strong ETag does so alone; mirrors may well differ in their dates. */
function validatorsOf({ strength, etag, lastModified }: Identity): (string | null)[] | undefined {
  if (strength === "none" || (etag === undefined && lastModified === undefined)) return undefined;
  return strength === "strong" && etag !== undefined ? [etag] : [etag ?? null, lastModified ?? null];
}

/**
 * Parameters that redaction takes for secrets because they often are, though they often name the file too: `download?key=tile-7`.
 * They go into the hash, from which nobody reads them, so that no file is taken for another of the same size and date.
 */
function namingParameters(url: string): string[] {
  return new URL(url).search
    .slice(1)
    .split("&")
    .filter((pair) => /^(?:key|code)=/i.test(pair));
}
