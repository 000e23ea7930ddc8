import { createCrc32 } from "#crc32";
import { RangeStreamsError } from "../../errors.ts";
import { Range } from "../../ranges/range.ts";
import { RangeDict } from "../../ranges/range-dict.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { checkOrder, type SeenChunks } from "./chunk-order.ts";
import type { PngChunk } from "./png-file.ts";
import {
  brokenPng,
  CHUNK_HEAD_BYTES,
  CHUNK_TAIL_BYTES,
  type ChunkHead,
  type PngHeader,
  parseChunkHead,
  SIGNATURE_BYTES,
  uint32,
} from "./png-format.ts";

/** What surrounds the data of a chunk. */
const FRAME_BYTES: number = CHUNK_HEAD_BYTES + CHUNK_TAIL_BYTES;

/** Of which file, and how many chunks it may have. */
export interface TableOptions {
  source: PlannedSource;
  header: PngHeader;
  maxChunks: number;
  /** Reads the data of one of its chunks. */
  readData: (chunk: PngChunk, options?: ReadOptions) => Promise<Bytes>;
}

/** The chunks of a file as far as they have been seen. */
export class ChunkTable {
  /** By their place; for users it is read-only. */
  readonly chunks: RangeDict<PngChunk>;
  readonly #options: TableOptions;
  readonly #dict: RangeDict<PngChunk> = new RangeDict<PngChunk>();
  readonly #byType: Map<string, PngChunk[]> = new Map();
  readonly #seen: SeenChunks = { palette: false, transparency: false, data: "before" };
  #next: number = SIGNATURE_BYTES;
  #lastLength = 0;
  #isComplete = false;

  /** Starts with the first chunk, the header. */
  constructor(first: ChunkHead, options: TableOptions) {
    this.#options = options;
    this.chunks = this.#dict.asReadonly();
    this.#put(first);
  }

  /** Whether the last chunk has been seen. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Where the next chunk starts. */
  get next(): number {
    return this.#next;
  }

  /** Bytes of the last chunk that has been seen. */
  get lastLength(): number {
    return this.#lastLength;
  }

  /** Whether image data begins before {@link ChunkTable.next}. */
  get hasData(): boolean {
    return this.#seen.data !== "before";
  }

  /** The end of the image data, where that has been seen. */
  get dataEnd(): number | undefined {
    return this.#isComplete || this.#seen.data === "after" ? this.of("IDAT").at(-1)?.range.end : undefined;
  }

  get types(): Iterable<string> {
    return this.#byType.keys();
  }

  /** The chunks of a type, in their order. */
  of(type: string): readonly PngChunk[] {
    return this.#byType.get(type) ?? [];
  }

  /**
   * Takes the head of the chunk at {@link ChunkTable.next}.
   *
   * @throws FORMAT, AMBIGUOUS for one that may not be there, LIMIT for one too many.
   */
  accept(bytes: Uint8Array): void {
    const { header, maxChunks, source } = this.#options;
    const { name } = source;
    const head = parseChunkHead(bytes, { origin: this.#next, name });
    if (head.offset + FRAME_BYTES + head.length > source.size) {
      const what = `the chunk ${head.type} at byte ${head.offset} of ${name}`;
      throw brokenPng(what, `${head.length} bytes of data, which reach beyond the end of the file`);
    }
    if (this.#dict.size >= maxChunks) {
      const message = `Read ${name}: got more than ${maxChunks} chunks; raise maxChunks if you trust it`;
      throw new RangeStreamsError("LIMIT", message);
    }
    checkOrder(head, this.#seen, { header, name });
    this.#put(head);
  }

  /** Takes all heads that lie in these bytes, which start at or before the next one. @throws as {@link ChunkTable.accept}. */
  acceptAll(bytes: Uint8Array, origin: number): void {
    while (!this.#isComplete && this.#next + CHUNK_HEAD_BYTES <= origin + bytes.length) {
      const at = this.#next - origin;
      this.accept(bytes.subarray(at, at + CHUNK_HEAD_BYTES));
    }
  }

  #put(head: ChunkHead): void {
    const range = new Range(head.offset, head.offset + FRAME_BYTES + head.length);
    const chunk = new StoredChunk(head.type, range, this.#options.readData);
    this.#dict.set(range, chunk);
    const same = this.#byType.get(head.type);
    if (same === undefined) this.#byType.set(head.type, [chunk]);
    else same.push(chunk);
    this.#next = range.end;
    this.#lastLength = range.length;
    this.#isComplete = head.type === "IEND";
  }
}

class StoredChunk implements PngChunk {
  readonly type: string;
  readonly range: Range;
  readonly #readData: TableOptions["readData"];

  constructor(type: string, range: Range, readData: TableOptions["readData"]) {
    this.type = type;
    this.range = range;
    this.#readData = readData;
  }

  get dataRange(): Range {
    return new Range(this.range.start + CHUNK_HEAD_BYTES, this.range.end - CHUNK_TAIL_BYTES);
  }

  bytes(options?: ReadOptions): Promise<Bytes> {
    return this.#readData(this, options);
  }
}

/** The data in the bytes of a whole chunk, as a view. @throws CHECKSUM where its CRC is another. */
export function checkedData(bytes: Bytes, chunk: { type: string; offset: number; name: string }): Bytes {
  const crc = createCrc32();
  crc.update(bytes.subarray(4, -CHUNK_TAIL_BYTES));
  checkCrc(crc.digest(), bytes, chunk);
  return bytes.subarray(CHUNK_HEAD_BYTES, -CHUNK_TAIL_BYTES);
}

/** As {@link checkedData}, of a chunk whose first eight bytes came apart from the others. */
export function checkedRest(
  head: Bytes,
  rest: Bytes,
  chunk: { type: string; offset: number; name: string },
): Bytes {
  const crc = createCrc32();
  crc.update(head.subarray(4));
  const data = rest.subarray(0, -CHUNK_TAIL_BYTES);
  crc.update(data);
  checkCrc(crc.digest(), rest, chunk);
  return data;
}

function checkCrc(
  crc: number,
  bytes: Uint8Array,
  { type, offset, name }: { type: string; offset: number; name: string },
): void {
  const promised = uint32(bytes, bytes.length - CHUNK_TAIL_BYTES);
  if (crc === promised) return;
  const got = `bytes with the CRC-32 ${crc.toString(16)} where ${promised.toString(16)} was promised`;
  const message = `Read the chunk ${type} at byte ${offset} of ${name}: got ${got}; they are damaged, do not use them`;
  throw new RangeStreamsError("CHECKSUM", message);
}
