import { concatBytes } from "../../bytes/collect-bytes.ts";
import type { Bytes } from "../../source/source.ts";
import { decodeSpans, type SpanReading } from "./decode-spans.ts";
import type { TarInput } from "./read-records.ts";
import { positionOf, spansOf } from "./seek-map.ts";
import { StreamInput } from "./stream-input.ts";

/** A tar of which spans are known: those without a header are not fetched. */
export interface SeekingInput extends TarInput {
  /** Goes to the end of the span that was read last, so that its checksum is known, and ends. */
  finish(): Promise<void>;
  end(): void;
}

/** A compressed tar as a walk reads it, span by span: each is decompressed once, and none that lies wholly inside a member. */
export function seekingInput(reading: SpanReading, signal: AbortSignal): SeekingInput {
  const { map } = reading;
  const size = map.end.position;
  let open: { readonly span: number; readonly input: StreamInput } | undefined;
  const finish = async (): Promise<void> => {
    const last = open?.input;
    open = undefined;
    try {
      await last?.drain();
    } finally {
      last?.end();
    }
  };
  const inputOf = async (span: number): Promise<StreamInput> => {
    if (open?.span === span) return open.input;
    // The next span in a row is what the source may have fetched ahead.
    await finish();
    const spans = { first: span, last: span };
    const chunks = decodeSpans(reading, { spans, signal, expect: "sequential" });
    const input = new StreamInput(chunks, positionOf(map, span));
    open = { span, input };
    return input;
  };
  return {
    size,
    finish,
    end: () => open?.input.end(),
    async read(position, length) {
      if (position + length > size) return undefined;
      const parts: Bytes[] = [];
      for (let [at, left] = [position, length]; left > 0; ) {
        const { first } = spansOf(map, at, at + 1);
        const step = Math.min(left, positionOf(map, first + 1) - at);
        const part = await (await inputOf(first)).read(at, step);
        if (part === undefined) return undefined;
        parts.push(part);
        at += step;
        left -= step;
      }
      return concatBytes(parts);
    },
  };
}
