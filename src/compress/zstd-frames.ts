import { ByteCursor } from "../bytes/byte-cursor.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import { ByteFeed } from "./byte-feed.ts";
import type { Chunk, DecompressOptions } from "./decoder.ts";

// The grammar of zstd (RFC 8878, section 3.1): frames, one after the other, each of a header, blocks and maybe a checksum. Walked
// here, so that what a frame claims is checked against limits before a decoder allocates for it, and so that a stream has to end
// where its last frame does.

/** The largest that zstd itself accepts unless it is told otherwise (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`). */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
const MAX_BLOCK_BYTES = 128 * 1024;
const FRAME_MAGIC = 0xfd2fb528;
/** 16 of them (3.1.2), which differ in their lowest four bits. */
const SKIPPABLE_MAGIC = 0x184d2a50;

/** What a frame's header says (3.1.1.1), and its blocks. */
export interface ZstdFrame {
  /** Where it starts in the input, with what is skipped in front of it: so the first one starts at 0, and each where another ends. */
  readonly start: number;
  readonly windowSize: number;
  /** Bytes once decompressed, where the frame says so. */
  readonly contentSize: number | undefined;
  readonly hasChecksum: boolean;
  /** To be read to their end before the next frame is asked for. Throws as {@link readZstdFrames}. */
  readonly blocks: AsyncGenerator<ZstdBlock, void, void>;
  /** The low half of the XXH64 of its content (3.1.1): undefined where it has none, and until all blocks were read. */
  readonly checksum: () => number | undefined;
}

/** A block, its header of three bytes included, as bytes of one's own. */
export interface ZstdBlock {
  readonly bytes: Chunk;
  readonly isLast: boolean;
}

/**
 * Takes zstd frames apart to the end of the input; what they skip is left out. FORMAT for what is no frame and for a frame cut
 * short, LIMIT for a window above 128 MiB, UNSUPPORTED for one that needs a dictionary.
 */
export async function* readZstdFrames(
  stored: AsyncIterable<Chunk>,
  { what }: DecompressOptions,
): AsyncGenerator<ZstdFrame, void, void> {
  const feed = new ByteFeed(stored);
  let [position, start] = [0, 0];
  const take = async (length: number): Promise<Chunk> => {
    const bytes = await feed.take(length);
    if (bytes === undefined) throw brokenStream(what, "zstd that is cut short");
    position += length;
    return bytes;
  };
  try {
    do {
      const magic = await takeNumber(take, what);
      if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
        const length = await takeNumber(take, what);
        if (!(await feed.skip(length))) throw brokenStream(what, "zstd that is cut short");
        position += length;
        continue;
      }
      if (magic !== FRAME_MAGIC) throw brokenStream(what, "something that is no zstd frame");
      yield openFrame(take, { start, ...(await readFrameHeader(take, what)) }, what);
      start = position;
    } while (!(await feed.isAtEnd()));
  } finally {
    feed.end();
  }
}

type Take = (length: number) => Promise<Chunk>;
type FrameHeader = Omit<ZstdFrame, "blocks" | "checksum">;

async function takeNumber(take: Take, what: string): Promise<number> {
  return new ByteCursor(await take(4), { what }).u32();
}

function openFrame(take: Take, header: FrameHeader, what: string): ZstdFrame {
  let checksum: number | undefined;
  async function* readToEnd(): AsyncGenerator<ZstdBlock, void, void> {
    yield* readBlocks(take, header, what);
    if (header.hasChecksum) checksum = await takeNumber(take, what);
  }
  return { ...header, blocks: readToEnd(), checksum: () => checksum };
}

async function readFrameHeader(take: Take, what: string): Promise<Omit<FrameHeader, "start">> {
  const [descriptor = 0] = await take(1);
  if ((descriptor & 0b1000) !== 0) throw brokenStream(what, "a reserved bit in a zstd frame");
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const [window = 0] = isSingleSegment ? [] : await take(1);
  const dictionary = await take([0, 1, 2, 4][descriptor & 0b11] as number);
  if (dictionary.some((byte) => byte !== 0)) {
    const got = "zstd that needs a dictionary";
    throw new RangeStreamsError("UNSUPPORTED", `Decompressed ${what}: got ${got}; unpack it with zstd`);
  }
  const contentSize = await readContentSize(take, { sizeFlag: descriptor >> 6, isSingleSegment, what });
  const exponent = 2 ** (10 + (window >> 3));
  const windowSize = isSingleSegment ? (contentSize ?? 0) : exponent + (exponent / 8) * (window & 7);
  if (windowSize > MAX_WINDOW_BYTES) {
    const got = `zstd with a window of ${windowSize} bytes, above ${MAX_WINDOW_BYTES}`;
    throw new RangeStreamsError("LIMIT", `Decompressed ${what}: got ${got}; unpack it with zstd --long`);
  }
  return { windowSize, contentSize, hasChecksum: (descriptor & 0b100) !== 0 };
}

async function readContentSize(
  take: Take,
  { sizeFlag, isSingleSegment, what }: { sizeFlag: number; isSingleSegment: boolean; what: string },
): Promise<number | undefined> {
  if (sizeFlag === 0 && !isSingleSegment) return undefined;
  const cursor = new ByteCursor(await take([1, 2, 4, 8][sizeFlag] as number), { what });
  if (sizeFlag === 0) return cursor.u8();
  if (sizeFlag === 1) return cursor.u16() + 256;
  return sizeFlag === 2 ? cursor.u32() : cursor.u64();
}

/** Block header (3.1.1.2): last block in bit 0, type in bits 1 and 2 (raw, one byte repeated, compressed, reserved), then the size. */
async function* readBlocks(
  take: Take,
  { windowSize }: Pick<FrameHeader, "windowSize">,
  what: string,
): AsyncGenerator<ZstdBlock, void, void> {
  const maxSize = Math.min(MAX_BLOCK_BYTES, windowSize);
  for (let isLast = false; !isLast; ) {
    const header = await take(3);
    const [low = 0, middle = 0, high = 0] = header;
    const value = low | (middle << 8) | (high << 16);
    isLast = (value & 1) !== 0;
    const type = (value >> 1) & 3;
    const size = value >> 3;
    if (type === 3 || size > maxSize) throw brokenStream(what, "a zstd block that cannot be");
    const content = await take(type === 1 ? 1 : size);
    const bytes = new Uint8Array(3 + content.length);
    bytes.set(header);
    bytes.set(content, 3);
    yield { bytes, isLast };
  }
}
