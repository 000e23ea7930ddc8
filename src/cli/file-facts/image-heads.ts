import { dimensions, type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";

/** IHDR (Portable Network Graphics, third edition, section 11.2.1). */
export function pngFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 29)) return { note: head.missing(29) };
  // A variant that Apple's tools make has a chunk of its own before it.
  const isApple = head.text(12, 4) === "CgBI";
  const at = 16 + (isApple ? 12 + head.uint32(8) : 0);
  if (!head.covers(at, 13)) return { note: head.missing(at + 13) };
  if (head.text(at - 4, 4) !== "IHDR") return { note: "damaged: its first chunk is no header" };
  return {
    ...dimensions(head.uint32(at), head.uint32(at + 4)),
    ...known({
      bitDepth: head.uint8(at + 8),
      colorType: head.uint8(at + 9),
      interlaced: head.uint8(at + 12) === 1,
      variant: isApple ? "apple" : undefined,
    }),
  };
}

/** The logical screen (GIF89a, section 18). */
export function gifFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 10)) return { note: head.missing(10) };
  return {
    ...dimensions(head.uint16(6, true), head.uint16(8, true)),
    ...known({ version: head.text(3, 3) }),
  };
}

/** The three kinds of a first chunk (RFC 9649 sections 2.5 to 2.7). */
export function webpFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 16)) return { note: head.missing(16) };
  const kind = head.text(12, 4);
  // A lossless image of one pixel has 26 bytes in all.
  const needed = kind === "VP8L" ? 25 : 30;
  if (!head.covers(0, needed)) return { note: head.missing(needed) };
  switch (kind) {
    case "VP8X":
      return {
        ...dimensions(head.uint24(24) + 1, head.uint24(27) + 1),
        ...known({ variant: "extended", animated: (head.uint8(20) & 2) !== 0 }),
      };
    case "VP8L": {
      if (head.uint8(20) !== 0x2f) return { note: "damaged: its image data has no mark" };
      const bits = head.uint32(21, true);
      return {
        ...dimensions((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1),
        ...known({ variant: "lossless" }),
      };
    }
    case "VP8 ":
      // RFC 6386 section 9.1: a key frame, and its start code.
      if ((head.uint8(20) & 1) !== 0 || head.text(23, 3) !== "\x9d\x01\x2a") {
        return { note: "damaged: its first frame is no key frame" };
      }
      return {
        ...dimensions(head.uint16(26, true) & 0x3fff, head.uint16(28, true) & 0x3fff),
        ...known({ variant: "lossy" }),
      };
    default:
      return { note: "its first chunk is of a kind not known here" };
  }
}

/** BITMAPCOREHEADER has 12 bytes and sizes of 16 bits; a negative height means rows from top to bottom. */
export function bmpFacts(head: HeadView): FileFacts {
  if (!head.covers(0, 30)) return { note: head.missing(30) };
  if (head.uint32(14, true) === 12) {
    return {
      ...dimensions(head.uint16(18, true), head.uint16(20, true)),
      ...known({ bitsPerPixel: head.uint16(24, true) }),
    };
  }
  return {
    ...dimensions(head.int32(18, true), Math.abs(head.int32(22, true))),
    ...known({ bitsPerPixel: head.uint16(28, true) }),
  };
}
