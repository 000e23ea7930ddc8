import type { Crc32 } from "#crc32";
import { exceedsRatio, tooDense } from "../../compress/check-decoded.ts";
import { unpackWindow } from "../../compress/deflate-window.ts";
import { RangeStreamsError } from "../../errors.ts";
import type { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource } from "../../source/source.ts";
import { chunksOf } from "../../source/stream-chunks.ts";
import { type Compression, loadChecksum } from "./compression.ts";
import { positionOf, type SeekMap, type Spans, storedRange } from "./seek-map.ts";

/** Spans that are up to this long together are one request; longer ones may take several. As large as an opening request may be. */
export const MAX_HELD_BYTES = 8 * 1024 * 1024;

/** How the spans of a compressed tar are read. */
export interface SpanReading {
  readonly source: PlannedSource;
  readonly compression: Compression;
  readonly map: SeekMap;
  /** Instead of the ratio of the method. */
  readonly maxRatio: number | undefined;
}

/** Which of them, and how. */
export interface SpanRequest {
  readonly spans: Spans;
  readonly signal: AbortSignal;
  /** Their stored bytes, where they are here already; they are taken over. */
  readonly stored?: Bytes | undefined;
  /** The spans that follow are to be read too, so that they may be fetched ahead. */
  readonly expect?: "sequential" | undefined;
}

/**
 * What spans decompress to, in one request as a rule. Each is checked against its checksum and its length when its end comes; so what
 * came of a span is not proven before that, and of all of them only where this ends without an error.
 *
 * Throws FORMAT for what is no such data or of another length, CHECKSUM for other bytes than were indexed, LIMIT for what grows too
 * much, and whatever the source reports.
 */
export async function* decodeSpans(
  { source, compression, map, maxRatio = compression.maxRatio }: SpanReading,
  request: SpanRequest,
): AsyncGenerator<Bytes, void, void> {
  const { spans } = request;
  const what = source.name;
  const decompress = await compression.loadPart?.();
  const [point, next] = [map.points[spans.first], map.points[spans.last + 1]];
  if (decompress === undefined || point === undefined) return;
  const check = new SpanCheck(map, spans, { what, createChecksum: await loadChecksum(map.check) });
  const window = point.window && (await unpackWindow(point.window, what));
  let [taken, given] = [0, 0];
  async function* counted(): AsyncGenerator<Bytes, void, void> {
    for await (const chunk of fetchStored(source, storedRange(map, spans), request)) {
      taken += chunk.length;
      yield chunk;
    }
  }
  const decoded = decompress(counted(), {
    what,
    start: window && { bit: point.bit, window },
    end: next?.window && { bit: next.bit },
  });
  for await (const chunk of decoded) {
    given += chunk.length;
    if (exceedsRatio(given, taken, maxRatio)) throw tooDense({ what, maxRatio });
    check.take(chunk);
    yield chunk;
  }
  check.finish();
}

async function* fetchStored(
  source: PlannedSource,
  range: Range,
  { signal, stored, expect }: SpanRequest,
): AsyncGenerator<Bytes, void, void> {
  if (stored !== undefined) {
    yield stored;
  } else if (expect === "sequential" && range.length <= MAX_HELD_BYTES) {
    yield await source.read(range, { signal, expect });
  } else {
    // One request for what is not long: dividing a few MiB would gain little, and cost requests that nobody expects.
    const aheadBytes = range.length <= MAX_HELD_BYTES ? 0 : undefined;
    yield* chunksOf(source.stream(range, { signal, aheadBytes }));
  }
}

/** Checks what comes out against lengths and checksums, span by span. */
class SpanCheck {
  readonly #map: SeekMap;
  readonly #last: number;
  readonly #what: string;
  readonly #createChecksum: () => Crc32;
  #span: number;
  #position: number;
  #checksum: Crc32;

  constructor(
    map: SeekMap,
    { first, last }: Spans,
    { what, createChecksum }: { readonly what: string; readonly createChecksum: () => Crc32 },
  ) {
    this.#map = map;
    this.#last = last;
    this.#what = what;
    this.#createChecksum = createChecksum;
    this.#span = first;
    this.#position = positionOf(map, first);
    this.#checksum = createChecksum();
  }

  take(chunk: Bytes): void {
    for (let rest = chunk; rest.length > 0; ) {
      const room = positionOf(this.#map, this.#span + 1) - this.#position;
      if (room === 0) {
        if (this.#span === this.#last) throw this.#mismatch("FORMAT", "more bytes than its index tells of");
        this.#close();
        continue;
      }
      const piece = rest.subarray(0, room);
      this.#checksum.update(piece);
      this.#position += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  finish(): void {
    while (this.#span <= this.#last) {
      if (this.#position !== positionOf(this.#map, this.#span + 1)) {
        throw this.#mismatch("FORMAT", "fewer bytes than its index tells of");
      }
      this.#close();
    }
  }

  #close(): void {
    const expected = this.#map.points[this.#span]?.checksum;
    if (expected !== undefined && this.#checksum.digest() !== expected) {
      throw this.#mismatch("CHECKSUM", "bytes whose checksum is not that of its index");
    }
    this.#checksum = this.#createChecksum();
    this.#span++;
  }

  #mismatch(code: "FORMAT" | "CHECKSUM", got: string): RangeStreamsError {
    const start = positionOf(this.#map, this.#span);
    const message = `Decompressed ${this.#what} from byte ${start} on: got ${got}; do not use them, index it anew`;
    return new RangeStreamsError(code, message);
  }
}
