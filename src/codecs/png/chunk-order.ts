import { RangeStreamsError } from "../../errors.ts";
import {
  brokenPng,
  type ChunkHead,
  type PngHeader,
  USES_ALPHA,
  USES_COLOR,
  USES_PALETTE,
} from "./png-format.ts";

/** What has been seen of a file, as far as the order of its chunks matters. */
export interface SeenChunks {
  palette: boolean;
  transparency: boolean;
  /** The chunks of image data are one run: before it, in it, after it. */
  data: "before" | "within" | "after";
}

/**
 * Checks one more chunk, not the first, against the rules for those that decide about pixels (5.6, 11.2, 11.3.1.1) and takes note of it.
 *
 * @throws FORMAT for one in the wrong place, AMBIGUOUS for a second of which there may be one.
 */
export function checkOrder(
  head: ChunkHead,
  seen: SeenChunks,
  image: { header: PngHeader; name: string },
): void {
  const what = `the chunk ${head.type} at byte ${head.offset} of ${image.name}`;
  if (seen.data === "within" && head.type !== "IDAT") seen.data = "after";
  switch (head.type) {
    case "IHDR":
      throw twice(what, "second header");
    case "PLTE":
      checkPalette(head, seen, { what, ...image });
      break;
    case "tRNS":
      checkTransparency(seen, { what, ...image });
      break;
    case "IDAT":
      checkData(seen, { what, ...image });
      break;
    case "IEND":
      if (head.length !== 0) throw brokenPng(what, `an end with ${head.length} bytes of data`);
      if (seen.data === "before") throw brokenPng(what, "the end, and no image data before it");
  }
}

interface Place {
  what: string;
  header: PngHeader;
}

function checkPalette(head: ChunkHead, seen: SeenChunks, { what, header }: Place): void {
  const { colorType, bitDepth } = header;
  if (seen.palette) throw twice(what, "second palette");
  if (seen.data !== "before") throw brokenPng(what, "a palette after the image data");
  if ((colorType & USES_COLOR) === 0) throw brokenPng(what, "a palette in an image of greys");
  if (seen.transparency) throw brokenPng(what, "a palette after its transparency");
  const most = (colorType & USES_PALETTE) === 0 ? 256 : 2 ** bitDepth;
  const entries = head.length / 3;
  if (!Number.isInteger(entries) || entries < 1 || entries > most) {
    throw brokenPng(what, `a palette of ${head.length} bytes where 1 to ${most} entries of 3 may be`);
  }
  seen.palette = true;
}

function checkTransparency(seen: SeenChunks, { what, header }: Place): void {
  const { colorType } = header;
  if (seen.transparency) throw twice(what, "second transparency");
  if (seen.data !== "before") throw brokenPng(what, "transparency after the image data");
  if ((colorType & USES_ALPHA) !== 0) throw brokenPng(what, "transparency beside an alpha channel");
  if ((colorType & USES_PALETTE) !== 0 && !seen.palette)
    throw brokenPng(what, "transparency before the palette");
  seen.transparency = true;
}

function checkData(seen: SeenChunks, { what, header }: Place): void {
  if (seen.data === "after") throw brokenPng(what, "image data in two places");
  if ((header.colorType & USES_PALETTE) !== 0 && !seen.palette)
    throw brokenPng(what, "image data and no palette");
  seen.data = "within";
}

function twice(what: string, got: string): RangeStreamsError {
  const message = `Read ${what}: got a ${got}; readers disagree about such a file, do not use it`;
  return new RangeStreamsError("AMBIGUOUS", message);
}
