import { concatBytes } from "../../bytes/collect-bytes.ts";
import { inflateZlib } from "../../compress/zlib.ts";
import { RangeStreamsError } from "../../errors.ts";
import type { Bytes } from "../../source/source.ts";
import { decodePngText, isTextChunk, type PngText, parseProfile, parseText } from "./chunk-text.ts";
import type { PngChunk, PngProfile } from "./png-file.ts";
import { type PngChunkReader, readChunks } from "./read-chunks.ts";
import { type PngSuggestedPalette, parseSuggestedPalette } from "./suggested-palette.ts";

/** All texts of a file whose chunks are known. Throws LIMIT where they come to more than `maxBytes`, stored or inflated. */
export async function readTexts(reader: PngChunkReader, maxBytes: number): Promise<PngText[]> {
  const { name } = reader.source;
  const chunks = [...reader.table.types]
    .filter(isTextChunk)
    .flatMap((type) => reader.table.of(type))
    .sort((one, other) => one.range.start - other.range.start);
  // Before any of them is fetched.
  checkStored(chunks, { maxBytes, what: `the texts of ${name}` });
  const texts: PngText[] = [];
  let left = maxBytes;
  for (const [index, data] of (await readChunks(reader, chunks)).entries()) {
    const { bytes, compressed, encoding, ...fields } = parseText(
      (chunks[index] as PngChunk).type,
      data,
      name,
    );
    const what = `the text ${fields.keyword} of ${name}`;
    const plain = compressed ? await inflateUpTo(bytes, { maxBytes, left, what }) : bytes;
    left -= plain.length;
    texts.push({ ...fields, text: decodePngText(plain, encoding, what) });
  }
  return texts;
}

/** A color profile. Throws LIMIT as {@link readTexts}. */
export async function readProfile(
  reader: PngChunkReader,
  chunk: PngChunk,
  maxBytes: number,
): Promise<PngProfile> {
  const what = `the color profile of ${reader.source.name}`;
  checkStored([chunk], { maxBytes, what });
  const [data] = await readChunks(reader, [chunk]);
  const { name, stored } = parseProfile(data as Bytes, reader.source.name);
  return { name, profile: await inflateUpTo(stored, { maxBytes, left: maxBytes, what }) };
}

/** The palettes that are suggested before the image data. Throws LIMIT as {@link readTexts}. */
export async function readPalettes(reader: PngChunkReader, maxBytes: number): Promise<PngSuggestedPalette[]> {
  const { source, table } = reader;
  const dataStart = table.of("IDAT")[0]?.range.start ?? Number.POSITIVE_INFINITY;
  const chunks = table.of("sPLT").filter(({ range }) => range.start < dataStart);
  checkStored(chunks, { maxBytes, what: `the suggested palettes of ${source.name}` });
  return (await readChunks(reader, chunks)).map((data) => parseSuggestedPalette(data, source.name));
}

interface Bound {
  maxBytes: number;
  what: string;
}

function checkStored(chunks: readonly PngChunk[], bound: Bound): void {
  const total = chunks.reduce((sum, { dataRange }) => sum + dataRange.length, 0);
  if (total > bound.maxBytes) throw tooLong(bound);
}

/** `left`: of the bytes that all may come to together, what those before it left. */
async function inflateUpTo(stored: Bytes, { left, ...bound }: Bound & { left: number }): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let length = 0;
  for await (const chunk of inflateZlib(stored, { what: bound.what })) {
    length += chunk.length;
    if (length > left) throw tooLong(bound);
    chunks.push(chunk);
  }
  return concatBytes(chunks);
}

function tooLong({ what, maxBytes }: Bound): RangeStreamsError {
  const message = `Read ${what}: got more than ${maxBytes} bytes; raise maxTextBytes if you trust it`;
  return new RangeStreamsError("LIMIT", message);
}
