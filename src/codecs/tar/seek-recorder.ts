import { type Crc32, createCrc32 } from "#crc32";
import type { RestartPlace } from "../../compress/decoder.ts";
import { packWindow } from "../../compress/deflate-window.ts";
import type { Bytes } from "../../source/source.ts";
import type { SeekMap, SeekPoint } from "./seek-map.ts";

type Pending = { -readonly [Field in keyof SeekPoint]: SeekPoint[Field] };

/** Makes the map of a compressed tar while it goes by: a point at the first place after so many bytes of the archive. */
export class SeekRecorder {
  readonly #spacing: number;
  readonly #points: Pending[] = [];
  /** How many of the points lie before the bytes to come. */
  #reached = 0;
  #crc: Crc32 = createCrc32();
  #position = 0;
  #packing: Promise<void> = Promise.resolve();

  constructor(spacing: number) {
    this.#spacing = spacing;
  }

  /** Told of every place, before any byte that follows it is taken. */
  readonly onRestart = ({ byte, bit, position, copyWindow }: RestartPlace): void => {
    const before = this.#points.at(-1);
    if (before !== undefined && byte - before.byte < this.#spacing) return;
    const point: Pending = { byte, bit, position, checksum: undefined, window: undefined };
    this.#points.push(point);
    if (copyWindow === undefined) return;
    const window = copyWindow();
    this.#packing = this.#packing.then(async () => {
      point.window = await packWindow(window);
    });
  };

  /** The next bytes that came out. Keeps none of them. */
  async take(chunk: Bytes): Promise<void> {
    let rest = chunk;
    for (;;) {
      const next = this.#points[this.#reached];
      if (next === undefined || next.position > this.#position + rest.length) break;
      const before = rest.subarray(0, next.position - this.#position);
      this.#crc.update(before);
      this.#position = next.position;
      rest = rest.subarray(before.length);
      this.#closeSpan();
      this.#reached++;
    }
    this.#crc.update(rest);
    this.#position += rest.length;
    await this.#packing;
  }

  /** The map of an archive of this size, all of which went by; undefined where it would be of no use, with its start alone. */
  async finish(byteLength: number): Promise<SeekMap | undefined> {
    await this.take(new Uint8Array(0));
    this.#closeSpan();
    if (this.#points.length < 2) return undefined;
    return { check: "crc32", points: this.#points, end: { byte: byteLength, position: this.#position } };
  }

  #closeSpan(): void {
    const span = this.#points[this.#reached - 1];
    if (span !== undefined) span.checksum = this.#crc.digest();
    this.#crc = createCrc32();
  }
}
