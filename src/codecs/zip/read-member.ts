import { wholeBy } from "../../compress/check-decoded.ts";
import type { DecodeOptions } from "../../compress/decoder.ts";
import { Range } from "../../ranges/range.ts";
import { beginCall, type Call } from "../../source/call.ts";
import { heldView } from "../../source/held-view.ts";
import type { Bytes, ReadOptions } from "../../source/source.ts";
import { type ChunkReader, once } from "../../source/stream-chunks.ts";
import type { EntryKind } from "../archive.ts";
import { overBudget } from "../entries.ts";
import { type ReadSpan, spanReader, WHOLE_BYTES } from "../span-reader.ts";
import { DEFLATE, STORE } from "./methods.ts";
import { chooseDecoder, type MemberPlan } from "./plan-member.ts";
import { copiesOf, piecesOf, readDataOffset, readStored, takeStored } from "./read-stored.ts";
import type { ZipShared } from "./zip-shared.ts";

// The ways to the bytes of a member. Its span is what is asked for of it: its local header, its data, and what may follow them.
//
// | wanted                   | stored          | deflated, small | deflated, larger           | other methods              |
// | ------------------------ | --------------- | --------------- | -------------------------- | -------------------------- |
// | whole, in memory         | decodeNow       | decodeNow       | decodeWhole, of pieces     | as if not in memory        |
// | whole, up to WHOLE_BYTES | read, decodeNow | read, decodeNow | read, decodeWhole          | read, decodeWhole          |
// | whole, larger            | read, decodeNow | -               | decodeWhole, as it arrives | decodeWhole, as it arrives |
// | as a stream              | decodeChunks    | decodeChunks    | decodeChunks               | decodeChunks               |
//
// Small is what `inflateNow` accepts: nothing, in browsers. Where the local extra field is longer than was guessed, the span is too
// short for decodeNow: then decodeWhole does it, and reads what is missing.

/** A member to be read. */
export interface ReadableMember {
  readonly shared: ZipShared;
  /** Its place in the directory. */
  readonly position: number;
  readonly kind: EntryKind;
  /** Where it lies. @throws FORMAT, AMBIGUOUS, UNSUPPORTED, before anything is asked for. */
  plan(): MemberPlan;
}

/** The span of a member, all of which is here. */
interface HeldSpan {
  readonly held: Bytes;
  /** Nobody else has these bytes. */
  readonly isOurs: boolean;
}

/** The span of a member that was read, and how more than that is. */
interface SpanRead {
  readonly held: Bytes;
  readonly signal: AbortSignal;
  readonly readMore: ReadSpan;
}

/** Where its stored bytes lie, half-open. At most one small request, the first time. */
export async function locateMember(member: ReadableMember, options: ReadOptions): Promise<Range> {
  const { shared, position } = member;
  const plan = member.plan();
  const call = beginMemberCall(shared, options);
  try {
    call.signal.throwIfAborted();
    const { source, learned } = shared;
    const known = learned.dataOffsets.get(position);
    const start = known ?? (await readDataOffset(plan, source, { signal: call.signal }));
    learned.dataOffsets.set(position, start);
    return new Range(start, start + plan.header.storedSize);
  } finally {
    call.end();
  }
}

/** All its bytes; without a promise where `decodeNow` can do it. */
export function readMember(
  member: ReadableMember,
  plan: MemberPlan,
  options: ReadOptions,
): Bytes | Promise<Bytes> {
  const { shared } = member;
  shared.closed.throwIfAborted();
  options.signal?.throwIfAborted();
  const view = spanInMemory(shared, plan);
  if (view === undefined) return readWhole(member, plan, { options });
  return decodeNow(member, plan, { held: view, isOurs: false }) ?? readWhole(member, plan, { options, view });
}

async function readWhole(
  member: ReadableMember,
  plan: MemberPlan,
  { options, view }: { readonly options: ReadOptions; readonly view?: Bytes },
): Promise<Bytes> {
  const { shared } = member;
  const { source, directory } = shared;
  const own = new AbortController();
  const call = beginMemberCall(shared, options, own.signal);
  try {
    const { signal } = call;
    signal.throwIfAborted();
    const readMore = spanReader(source, { signal, aheadEnd: directory.range.start });
    const isStored = plan.header.method === STORE;
    if (!isStored && (view !== undefined || plan.span.length > WHOLE_BYTES)) {
      const read = view === undefined ? readMore : spanFirst(plan, piecesOf(view, signal), readMore);
      return await decodeWhole(member, plan, { read, signal });
    }
    const held = await source.read(plan.span, { signal, aheadEnd: directory.range.start, divide: false });
    return await decodeSpan(member, plan, { held, signal, readMore });
  } finally {
    // Where decoding failed first, nobody waits for the wire any more.
    own.abort();
    call.end();
  }
}

/** All its bytes out of its span, which was read and is ours. */
export async function decodeSpan(
  member: ReadableMember,
  plan: MemberPlan,
  { held, signal, readMore }: SpanRead,
): Promise<Bytes> {
  signal.throwIfAborted();
  const now = decodeNow(member, plan, { held, isOurs: true });
  if (now !== undefined) return now;
  return decodeWhole(member, plan, { read: spanFirst(plan, once(held), readMore), signal });
}

/** Undefined where it takes too long to hold up all else for, or where its span is too short. */
function decodeNow(member: ReadableMember, plan: MemberPlan, { held, isOurs }: HeldSpan): Bytes | undefined {
  const { decoders, maxRatio } = chooseDecoder(plan, member.shared.limits.maxRatio);
  const stored = decoders.decodeNow === undefined ? undefined : takeStored(plan, held);
  if (stored === undefined) return undefined;
  const bytes = decoders.decodeNow?.(stored, promisesOf(plan, maxRatio), isOurs);
  return bytes === undefined ? undefined : handOut(member, plan, bytes);
}

async function decodeWhole(
  member: ReadableMember,
  plan: MemberPlan,
  { read, signal }: { readonly read: ReadSpan; readonly signal: AbortSignal },
): Promise<Bytes> {
  const { decoders, maxRatio } = chooseDecoder(plan, member.shared.limits.maxRatio);
  const { decode, decodeWhole: decodeInto = wholeBy(decode) } = decoders;
  const bytes = await decodeInto(readStored(plan, read), promisesOf(plan, maxRatio));
  signal.throwIfAborted();
  return handOut(member, plan, bytes);
}

async function* decodeChunks(
  { shared, position, kind }: ReadableMember,
  plan: MemberPlan,
  read: ReadSpan,
): AsyncGenerator<Bytes, void, void> {
  const { limits, budget, learned } = shared;
  const { decoders, maxRatio } = chooseDecoder(plan, limits.maxRatio);
  // Of what is longer than a path can be nothing is kept: a stream has flat memory.
  const target =
    kind === "symlink" && plan.header.size <= limits.maxNameBytes ? new TextDecoder() : undefined;
  let text = "";
  for await (const chunk of decoders.decode(readStored(plan, read), promisesOf(plan, maxRatio))) {
    budget.left -= chunk.length;
    if (budget.left < 0) throw overBudget(plan.what);
    if (target !== undefined) text += target.decode(chunk, { stream: true });
    yield chunk;
  }
  if (target !== undefined) learned.linkTargets.set(position, text + target.decode());
}

/** Counts bytes that are given out; of a link they are what it points to. */
function handOut({ shared, position, kind }: ReadableMember, plan: MemberPlan, bytes: Bytes): Bytes {
  const { budget, learned } = shared;
  budget.left -= bytes.length;
  if (budget.left < 0) throw overBudget(plan.what);
  if (kind === "symlink") learned.linkTargets.set(position, new TextDecoder().decode(bytes));
  return bytes;
}

/** Its bytes, chunk by chunk as they are decoded. */
export function openMember(member: ReadableMember, options: ReadOptions): ChunkReader {
  const { shared } = member;
  const plan = member.plan();
  const own = new AbortController();
  const call = beginMemberCall(shared, options, own.signal);
  const chunks = decodeChunks(member, plan, streamedSpan(shared, plan, call.signal));
  const end = (): void => {
    own.abort();
    call.end();
    chunks.return().catch(() => undefined);
  };
  return {
    read: async () => {
      call.signal.throwIfAborted();
      const next = await chunks.next();
      if (!next.done) return next.value;
      end();
      return undefined;
    },
    cancel: end,
  };
}

function streamedSpan(shared: ZipShared, plan: MemberPlan, signal: AbortSignal): ReadSpan {
  const readMore = spanReader(shared.source, { signal, aheadEnd: shared.directory.range.start });
  const view = spanInMemory(shared, plan);
  if (view === undefined) return readMore;
  // Stored bytes are handed on as they are. Others come in one piece, as zlib then fills one whole buffer after the other; an abort is
  // heard between these.
  const chunks = plan.header.method === STORE ? copiesOf(view, signal) : once(view);
  return spanFirst(plan, chunks, readMore);
}

/** Its span in place, without copying, where the archive is in memory, for a decoder that is known to only read what it is given. */
function spanInMemory({ source }: ZipShared, { header: { method }, span }: MemberPlan): Bytes | undefined {
  return method === STORE || method === DEFLATE ? heldView(source, span) : undefined;
}

/** Its span is these chunks; anything more is read. */
function spanFirst({ span }: MemberPlan, chunks: AsyncIterable<Bytes>, readMore: ReadSpan): ReadSpan {
  return (wanted) => (wanted.equals(span) ? chunks : readMore(wanted));
}

function beginMemberCall({ closed, directory }: ZipShared, options: ReadOptions, own?: AbortSignal): Call {
  const signals = [closed, options.signal, own];
  return beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: directory.name });
}

/** What the directory promises of a member, for its decoder. */
function promisesOf(plan: MemberPlan, maxRatio: number): DecodeOptions {
  const { size, storedSize, crc32 } = plan.header;
  return {
    size,
    storedSize,
    crc32,
    maxRatio,
    get what() {
      return plan.what;
    },
  };
}
