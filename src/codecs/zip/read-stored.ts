import { concatBytes } from "../../bytes/collect-bytes.ts";
import { Range } from "../../ranges/range.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import type { ReadSpan } from "../span-reader.ts";
import {
  checkDataFits,
  checkDescriptor,
  checkLocalHeader,
  descriptorRoom,
  type MemberPlan,
} from "./plan-member.ts";
import { LOCAL_HEADER_BYTES, parseDataOffset, parseLocalHeader } from "./zip-format.ts";

/**
 * The stored bytes of a member out of its span, all of which is here; checked as {@link readStored} does. Undefined where more is
 * needed, as the local extra field is longer than guessed. Throws as that.
 */
export function takeStored(plan: MemberPlan, held: Bytes): Bytes | undefined {
  const { offset, header } = plan;
  const dataStart = headerEnd(held, plan);
  const dataEnd = dataStart + header.storedSize;
  const room = descriptorRoom(dataEnd, plan);
  if (dataEnd + room > offset + held.length) return undefined;
  checkHeader(held, plan);
  if (room > 0) checkDescriptor(held.subarray(dataEnd - offset, dataEnd - offset + room), plan);
  return held.subarray(dataStart - offset, dataEnd - offset);
}

/**
 * What of a view is decoded while what came of the piece before is summed. Without its header still so large that an inflater takes it
 * as it is.
 */
const VIEW_PIECE_BYTES = 160 * 1024;

/** A span that lies in memory, in pieces: an abort is heard between two of them. */
export async function* piecesOf(view: Bytes, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
  for (let start = 0; start < view.length; start += VIEW_PIECE_BYTES) {
    signal.throwIfAborted();
    yield view.subarray(start, start + VIEW_PIECE_BYTES);
  }
}

/**
 * What is copied at once of a view that is handed on. Copying 50 MB took 6 to 8 ms in such pieces, and 22 in larger ones, for which the
 * allocator asks the system each time.
 */
const COPY_BYTES = 1024 * 1024;

/** A span that lies in memory, as chunks of one's own. */
export async function* copiesOf(view: Bytes, signal: AbortSignal): AsyncGenerator<Bytes, void, void> {
  for (let start = 0; start < view.length; start += COPY_BYTES) {
    signal.throwIfAborted();
    yield view.slice(start, start + COPY_BYTES);
  }
}

/**
 * The stored bytes of a member: header and data come in one request, and a local extra field longer than guessed costs one more,
 * for exactly what is missing. Nothing is handed on before the header has been checked, and the last of it not before the data
 * descriptor, where there is one.
 *
 * Throws FORMAT, AMBIGUOUS for the header, CHECKSUM for the descriptor, and whatever reading throws.
 */
export async function* readStored(plan: MemberPlan, read: ReadSpan): AsyncGenerator<Bytes, void, void> {
  const walk = new MemberWalk(plan);
  let { start: position, end } = plan.span;
  do {
    for await (const chunk of read(new Range(position, end))) {
      position += chunk.length;
      const payload = walk.take(chunk);
      end = Math.max(end, walk.end);
      if (payload !== undefined) yield payload;
      if (walk.done) return;
    }
  } while (position < end);
}

/** The state of reading one member: header, data, descriptor. */
class MemberWalk {
  readonly #plan: MemberPlan;
  /** What came of the header, until all of it is there. */
  #head: Bytes | undefined = new Uint8Array(0);
  #left: number;
  /** The last of the data, held back until what follows was checked. */
  #last: Bytes | undefined;
  #after: Bytes = new Uint8Array(0);
  #room = 0;
  /** The position up to which bytes are needed, as far as is known. */
  end = 0;
  done = false;

  constructor(plan: MemberPlan) {
    this.#plan = plan;
    this.#left = plan.header.storedSize;
  }

  /** The payload in the next chunk, if it has any that may be handed on. */
  take(chunk: Bytes): Bytes | undefined {
    const payload = this.#head === undefined ? chunk : this.#takeHead(this.#head, chunk);
    return payload === undefined ? undefined : this.#takeData(payload);
  }

  #takeHead(before: Bytes, chunk: Bytes): Bytes | undefined {
    const plan = this.#plan;
    const head = before.length === 0 ? chunk : concatBytes([before, chunk]);
    const needed = headerEnd(head, plan);
    const dataEnd = needed + plan.header.storedSize;
    this.#room = descriptorRoom(dataEnd, plan);
    this.end = dataEnd + this.#room;
    this.#head = head;
    if (plan.offset + head.length < needed) return undefined;
    checkHeader(head, plan);
    this.#head = undefined;
    return head.subarray(needed - plan.offset);
  }

  #takeData(chunk: Bytes): Bytes | undefined {
    if (chunk.length < this.#left) {
      this.#left -= chunk.length;
      return chunk.length === 0 ? undefined : chunk;
    }
    const after = chunk.subarray(this.#left);
    this.#last ??= chunk.subarray(0, this.#left);
    this.#left = 0;
    this.#after = this.#after.length === 0 ? after : concatBytes([this.#after, after]);
    if (this.#after.length < this.#room) return undefined;
    checkDescriptor(this.#after.subarray(0, this.#room), this.#plan);
    this.done = true;
    return this.#last.length === 0 ? undefined : this.#last;
  }
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
  const reading = { ...options, expect: "random" } as const;
  let head = await source.read(new Range(offset, span.end - header.storedSize), reading);
  const end = headerEnd(head, plan);
  if (end > offset + head.length) head = await source.read(new Range(offset, end), reading);
  return checkHeader(head, plan);
}
