import { RangeStreamsError } from "../../errors.ts";
import type { Bytes } from "../../source/source.ts";
import { checkedData } from "./chunk-table.ts";
import {
  brokenPng,
  CHUNK_HEAD_BYTES,
  CHUNK_TAIL_BYTES,
  type ChunkHead,
  checkSignature,
  OPENING_BYTES,
  type PngHeader,
  parseChunkHead,
  parseHeader,
  SIGNATURE_BYTES,
} from "./png-format.ts";

/** What every PNG starts with. */
export interface Opening {
  first: ChunkHead;
  header: PngHeader;
}

/**
 * The first chunk of a file, from its first {@link OPENING_BYTES}.
 *
 * @throws FORMAT for what is no PNG, CHECKSUM for a damaged header, UNSUPPORTED for Apple's variant.
 */
export function parseOpening(bytes: Bytes, name: string): Opening {
  checkSignature(bytes, name);
  const chunk = bytes.subarray(SIGNATURE_BYTES);
  const first = parseChunkHead(chunk, { origin: SIGNATURE_BYTES, name });
  if (first.type === "CgBI") {
    const message = `Read ${name}: got a PNG in Apple's variant (CgBI); convert it with a tool of Apple's`;
    throw new RangeStreamsError("UNSUPPORTED", message);
  }
  if (first.type !== "IHDR") throw brokenPng(name, `${first.type} in the place of the header`);
  if (first.length !== OPENING_BYTES - SIGNATURE_BYTES - CHUNK_HEAD_BYTES - CHUNK_TAIL_BYTES) {
    throw brokenPng(name, `a header of ${first.length} bytes`);
  }
  if (bytes.length < OPENING_BYTES) throw brokenPng(name, `${bytes.length} bytes: it is cut short`);
  const data = checkedData(chunk, { ...first, name });
  return { first, header: parseHeader(data, name) };
}
