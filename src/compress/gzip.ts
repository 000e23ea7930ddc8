import { createCrc32 } from "#crc32";
import { inflateUntilEnd } from "#inflate-until-end";
import { ByteCursor } from "../bytes/byte-cursor.ts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { RangeStreamsError } from "../errors.ts";
import { brokenStream } from "./broken-stream.ts";
import type { Chunk, DecompressOptions, PartOptions } from "./decoder.ts";
import { inflateUntilEnd as inflateByBlocks } from "./inflate-until-end.ts";
import { PushbackInput } from "./pushback-input.ts";
import { spliceDeflate } from "./splice-deflate.ts";

/** Bits of the flags (RFC 1952, 2.3.1); those above are reserved. */
const FLAGS = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const DEFLATE = 8;
/** A name or a comment of a header has no length; honest ones are short. *Unmeasured*. */
const MAX_TEXT_BYTES = 64 * 1024;

/**
 * Decompresses gzip members (RFC 1952), one after the other, to the end of the input. Checksums and sizes are checked. Zeros after the
 * last member are padding; anything else there is FORMAT.
 */
export async function* decompressGzip(
  stored: AsyncIterable<Chunk>,
  { what, onRestart }: DecompressOptions,
): AsyncGenerator<Chunk, void, void> {
  const input = new PushbackInput(stored);
  let position = 0;
  try {
    do {
      onRestart?.({ byte: input.position, bit: 0, position, copyWindow: undefined });
      await passHeader(input, what);
      const inflated = inflateMember(input, { what, onRestart }, position);
      for await (const chunk of checkMember(input, inflated, { what })) {
        position += chunk.length;
        yield chunk;
      }
    } while (!(await isAtEnd(input, what)));
  } finally {
    input.end();
  }
}

/**
 * Decompresses what lies between two restart places of a gzip file, or one and its end. Checksums of members that lie in it as a whole
 * are checked. Throws as `DecompressPart` says.
 */
export async function* decompressGzipPart(
  stored: AsyncIterable<Chunk>,
  { what, start, end }: PartOptions,
): AsyncGenerator<Chunk, void, void> {
  const input = new PushbackInput(spliceDeflate(stored, { start, end }));
  // Where the part ends inside a member, the trailer of that one is not there.
  const endsHere = async (): Promise<boolean> => end !== undefined && (await input.isEmpty());
  try {
    if (start !== undefined) {
      yield* dropBytes(inflateUntilEnd(input, what), start.window.length);
      if (await endsHere()) return;
      await take(input, TRAILER_BYTES, what);
    }
    while (!(await isAtEnd(input, what))) {
      await passHeader(input, what);
      yield* checkMember(input, inflateUntilEnd(input, what), { what, endsHere });
    }
  } finally {
    input.end();
  }
}

/** Passes on what is inflated of a member, and checks it against the trailer that follows, if one does. */
async function* checkMember(
  input: PushbackInput,
  inflated: AsyncIterable<Chunk>,
  { what, endsHere }: { readonly what: string; readonly endsHere?: () => Promise<boolean> },
): AsyncGenerator<Chunk, void, void> {
  const crc = createCrc32();
  let length = 0;
  for await (const chunk of inflated) {
    crc.update(chunk);
    length += chunk.length;
    yield chunk;
  }
  if (await endsHere?.()) return;
  const trailer = new ByteCursor(await take(input, TRAILER_BYTES, what), { what });
  if (trailer.u32() !== crc.digest() || trailer.u32() !== length % 2 ** 32) throw wrongChecksum(what);
}

async function* dropBytes(chunks: AsyncIterable<Chunk>, length: number): AsyncGenerator<Chunk, void, void> {
  let left = length;
  for await (const chunk of chunks) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

/** The deflate stream of one member, whose output starts at `position`. */
function inflateMember(
  input: PushbackInput,
  { what, onRestart }: DecompressOptions,
  position: number,
): AsyncGenerator<Chunk, void, void> {
  // Where blocks end, only the slower decoder of our own tells.
  if (onRestart === undefined) return inflateUntilEnd(input, what);
  const start = input.position;
  return inflateByBlocks(input, what, (end) => {
    const { bitsTaken, bytesMade } = end;
    onRestart({
      byte: start + Math.floor(bitsTaken / 8),
      bit: bitsTaken % 8,
      position: position + bytesMade,
      copyWindow: () => end.copyWindow(),
    });
  });
}

async function passHeader(input: PushbackInput, what: string): Promise<void> {
  const parts = [await take(input, HEADER_BYTES, what)];
  const [first, second, method, flags = 0] = parts[0] as Chunk;
  if (first !== 0x1f || second !== 0x8b || method !== DEFLATE || (flags & FLAGS.reserved) !== 0) {
    throw brokenStream(what, "something that is no gzip member");
  }
  if ((flags & FLAGS.extra) !== 0) {
    const length = await take(input, 2, what);
    parts.push(length, await take(input, new ByteCursor(length, { what }).u16(), what));
  }
  if ((flags & FLAGS.name) !== 0) parts.push(...(await takeText(input, what)));
  if ((flags & FLAGS.comment) !== 0) parts.push(...(await takeText(input, what)));
  if ((flags & FLAGS.headerCrc) === 0) return;
  const crc = createCrc32();
  crc.update(concatBytes(parts));
  const expected = new ByteCursor(await take(input, 2, what), { what }).u16();
  if ((crc.digest() & 0xffff) !== expected) throw wrongChecksum(what);
}

/** Up to its NUL, in parts. */
async function takeText(input: PushbackInput, what: string): Promise<Chunk[]> {
  const parts: Chunk[] = [];
  for (let length = 0; length <= MAX_TEXT_BYTES; ) {
    const chunk = await input.next();
    if (chunk === undefined) throw cutShort(what);
    const end = chunk.indexOf(0);
    parts.push(end < 0 ? chunk : chunk.subarray(0, end + 1));
    length += parts.at(-1)?.length ?? 0;
    if (end < 0) continue;
    input.unread(chunk.subarray(end + 1));
    if (length <= MAX_TEXT_BYTES) return parts;
  }
  const got = `a gzip header with a text above ${MAX_TEXT_BYTES} bytes`;
  throw new RangeStreamsError("LIMIT", `Decompressed ${what}: got ${got}; unpack it with gzip`);
}

/** Whether nothing but padding follows. */
async function isAtEnd(input: PushbackInput, what: string): Promise<boolean> {
  const next = await input.next();
  if (next === undefined) return true;
  if (next[0] !== 0) {
    input.unread(next);
    return false;
  }
  for (let chunk: Chunk | undefined = next; chunk !== undefined; chunk = await input.next()) {
    if (chunk.some((byte) => byte !== 0)) throw brokenStream(what, "something after the end of gzip");
  }
  return true;
}

async function take(input: PushbackInput, length: number, what: string): Promise<Chunk> {
  const bytes = await input.take(length);
  if (bytes === undefined) throw cutShort(what);
  return bytes;
}

function cutShort(what: string): RangeStreamsError {
  return brokenStream(what, "gzip that is cut short");
}

function wrongChecksum(what: string): RangeStreamsError {
  const got = "gzip whose checksum or size is wrong";
  return new RangeStreamsError("CHECKSUM", `Decompressed ${what}: got ${got}; it is damaged, do not use it`);
}
