import { concatBytes } from "../../src/bytes/collect-bytes.ts";
import { loadXxhash64 } from "../../src/compress/xxhash64.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Largest block of zstd. */
const BLOCK = 128 * 1024;

/** A number, little-endian, in so many bytes. */
function littleEndian(value: number, length = 4): Bytes {
  return Uint8Array.from({ length }, (_, index) => Math.floor(value / 256 ** index) & 0xff);
}

/** A frame that tells its size and holds its content as it is, in blocks of the type raw. */
export function zstdFrame(content: Bytes): Bytes {
  const blocks: Bytes[] = [];
  for (let start = 0; start === 0 || start < content.length; start += BLOCK) {
    const block = content.slice(start, start + BLOCK);
    const isLast = start + BLOCK >= content.length ? 1 : 0;
    blocks.push(littleEndian(block.length * 8 + isLast, 3), block);
  }
  return concatBytes([
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000),
    littleEndian(content.length),
    ...blocks,
  ]);
}

/** A frame that decoders pass over, which holds one number. */
export function skippableFrame(value: number): Bytes {
  return concatBytes([0x184d2a50, 4, value].map((number) => littleEndian(number)));
}

/** What a test may put wrong in a seek table. */
export interface SeekTableSpec {
  checksums?: boolean;
  /** Changes an entry: stored size, size, checksum. */
  edit?: (entries: [number, number, number][]) => void;
  /** Instead of the number of entries. */
  frames?: number;
  /** Besides the bit of the checksums. */
  flags?: number;
}

/** Contents as frames, and behind them the seek table of zstd's seekable format. */
export async function seekableZstd(contents: readonly Bytes[], spec: SeekTableSpec = {}): Promise<Bytes> {
  const { checksums = true, flags = 0 } = spec;
  const createHash = await loadXxhash64();
  const frames = contents.map(zstdFrame);
  const entries = frames.map((frame, index): [number, number, number] => {
    const hash = createHash();
    hash.update(contents[index] as Bytes);
    return [frame.length, (contents[index] as Bytes).length, hash.digest()];
  });
  spec.edit?.(entries);
  const table = concatBytes([
    ...entries.flatMap((entry) => entry.slice(0, checksums ? 3 : 2).map((value) => littleEndian(value))),
    littleEndian(spec.frames ?? entries.length),
    Uint8Array.of((checksums ? 0x80 : 0) | flags),
    littleEndian(0x8f92eab1),
  ]);
  return concatBytes([...frames, littleEndian(0x184d2a5e), littleEndian(table.length), table]);
}

/** Bytes in pieces of this length. */
export function cutUp(bytes: Bytes, length: number): Bytes[] {
  const parts: Bytes[] = [];
  for (let start = 0; start < bytes.length; start += length) parts.push(bytes.slice(start, start + length));
  return parts;
}
