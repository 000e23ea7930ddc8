import { concatBytes } from "../../bytes/collect-bytes.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { checkDataFits, checkLocalHeader, type MemberPlan } from "./plan-member.ts";
import { LOCAL_HEADER_BYTES, parseDataOffset, parseLocalHeader } from "./zip-format.ts";

/** Members up to this size are read at once, so that reads of one tick are planned together. *Unmeasured*. */
const WHOLE_BYTES = 1024 * 1024;

/** The bytes of a span of the archive, in order, as chunks that are ours alone. */
export type ReadSpan = (span: Range) => AsyncIterable<Bytes>;

/** Reads spans from a source: a small one at once, a large one as it arrives. */
export function spanReader(source: PlannedSource, options: ReadOptions): ReadSpan {
  return (span) =>
    span.length <= WHOLE_BYTES ? once(source.read(span, options)) : chunksOf(source.stream(span, options));
}

/** One chunk, as a sequence. */
export async function* once(bytes: Bytes | Promise<Bytes>): AsyncGenerator<Bytes, void, void> {
  yield await bytes;
}

async function* chunksOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, void> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Of a stream that has ended or failed this is a no-op.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * The stored bytes of a member: header and data come in one request, and a local extra field longer than guessed costs one more,
 * for exactly what is missing. Nothing is handed on before the header has been checked.
 *
 * Throws FORMAT, AMBIGUOUS for the header, and whatever reading throws.
 */
export async function* readStored(plan: MemberPlan, read: ReadSpan): AsyncGenerator<Bytes, void, void> {
  const { storedSize } = plan.header;
  let head: Bytes | undefined = new Uint8Array(0);
  let { start: position, end } = plan.span;
  let left = storedSize;
  do {
    for await (const chunk of read(new Range(position, end))) {
      position += chunk.length;
      let payload = chunk;
      if (head !== undefined) {
        head = head.length === 0 ? chunk : concatBytes([head, chunk]);
        const needed = headerEnd(head, plan);
        end = Math.max(end, needed + storedSize);
        if (plan.offset + head.length < needed) continue;
        payload = head.subarray(needed - plan.offset);
        checkHeader(head, plan);
        head = undefined;
      }
      if (payload.length > 0 && left > 0) yield payload.subarray(0, left);
      left -= Math.min(left, payload.length);
      if (left === 0) return;
    }
  } while (position < end);
}

/** Where the local header ends, as far as its bytes tell. @throws FORMAT where the data would reach into the next member. */
function headerEnd(head: Bytes, plan: MemberPlan): number {
  const { offset, archive } = plan;
  if (head.length < LOCAL_HEADER_BYTES) return offset + LOCAL_HEADER_BYTES;
  const end = parseDataOffset(head, { origin: offset, name: archive });
  checkDataFits(end, plan);
  return end;
}

function checkHeader(head: Bytes, plan: MemberPlan): number {
  const local = parseLocalHeader(head, { origin: plan.offset, name: plan.archive });
  checkLocalHeader(local, plan);
  return local.dataOffset;
}

/**
 * Where the stored bytes of a member start. One small request, or two where the local extra field is longer than guessed.
 *
 * @throws FORMAT, AMBIGUOUS for the header, and whatever the source reports.
 */
export async function readDataOffset(
  plan: MemberPlan,
  source: PlannedSource,
  options: ReadOptions,
): Promise<number> {
  const { offset, span, header } = plan;
  let head = await source.read(new Range(offset, span.end - header.storedSize), options);
  const end = headerEnd(head, plan);
  if (end > offset + head.length) head = await source.read(new Range(offset, end), options);
  return checkHeader(head, plan);
}
