import { createCrc32 } from "#crc32";
import { concatBytes } from "../../src/bytes/collect-bytes.ts";
import { Range } from "../../src/ranges/range.ts";
import { resolveRange } from "../../src/ranges/range-input.ts";
import type { Source } from "../../src/source/source.ts";
import { END, tarBlock } from "./build-tar.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes out of pieces, of which the same may lie at many places, and every read and stream of it. */
export interface LargeSource extends Source {
  readonly asked: Range[];
}

/**
 * A tar.gz of this many members `m0`, `m1`, … with the same data, in deflate blocks that are stored: of any size, held once, made and
 * decompressed at the speed of copying.
 */
export function largeTarGz(count: number, data: Bytes): LargeSource {
  const crc = createCrc32();
  let length = 0;
  const pieces: Bytes[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)];
  const add = (plain: Bytes, stored: Bytes): void => {
    crc.update(plain);
    length += plain.length;
    pieces.push(stored);
  };
  const filled = tarBlock({ data }).slice(512);
  const storedData = storedBlocks(filled);
  for (let index = 0; index < count; index++) {
    const header = tarBlock({ name: `m${index}`, size: data.length });
    add(header, storedBlocks(header));
    add(filled, storedData);
  }
  add(END, storedBlocks(END, true));
  const trailer = new Uint8Array(8);
  new DataView(trailer.buffer).setUint32(0, crc.digest(), true);
  new DataView(trailer.buffer).setUint32(4, length, true);
  return piecedSource([...pieces, trailer]);
}

/** Bytes as deflate blocks without compression, each of at most this much. */
function storedBlocks(bytes: Bytes, isLast = false): Bytes {
  const blocks: Bytes[] = [];
  for (let start = 0; start < bytes.length; start += 0xffff) {
    const content = bytes.slice(start, start + 0xffff);
    const header = new DataView(new ArrayBuffer(5));
    header.setUint8(0, isLast && start + 0xffff >= bytes.length ? 1 : 0);
    header.setUint16(1, content.length, true);
    header.setUint16(3, ~content.length & 0xffff, true);
    blocks.push(new Uint8Array(header.buffer), content);
  }
  return concatBytes(blocks);
}

function piecedSource(pieces: readonly Bytes[]): LargeSource {
  const starts: number[] = [];
  let size = 0;
  for (const piece of pieces) {
    starts.push(size);
    size += piece.length;
  }
  const asked: Range[] = [];
  const take = ({ start, end }: Range): Bytes => {
    const bytes = new Uint8Array(end - start);
    let at = starts.findLastIndex((begin) => begin <= start);
    for (let position = start; position < end; at++) {
      const begin = starts[at] as number;
      const part = (pieces[at] as Bytes).subarray(position - begin, end - begin);
      bytes.set(part, position - start);
      position += part.length;
    }
    return bytes;
  };
  const resolve = (input: Parameters<Source["read"]>[0]): Range => {
    const range = resolveRange(input, size);
    asked.push(range);
    return range;
  };
  return {
    name: "large.tar.gz",
    size,
    identity: { strength: "strong", etag: '"large"' },
    asked,
    read: async (input) => take(resolve(input)),
    stream(input = [0]) {
      const { start: from, end } = resolve(input);
      let start = from;
      return new ReadableStream(
        {
          pull(controller) {
            if (start === end) return controller.close();
            const next = Math.min(end, start + 1024 * 1024);
            controller.enqueue(take(new Range(start, next)));
            start = next;
          },
        },
        { highWaterMark: 0 },
      );
    },
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
