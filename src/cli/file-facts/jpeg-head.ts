import { dimensions, type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";
import { exifOrientation } from "./tiff-head.ts";

/** Goes from segment to segment up to the frame (ITU-T T.81, B.1 and B.2.2), and takes the orientation of Exif on the way. */
export function jpegFacts(head: HeadView): FileFacts {
  let orientation: number | undefined;
  const without = (note: string): FileFacts => ({ ...known({ orientation }), note });
  for (let at = 2; ; ) {
    if (!head.covers(at, 4)) return without(head.missing(at + 4));
    if (head.uint8(at) !== 0xff) return without("damaged: a segment has no mark");
    const marker = head.uint8(at + 1);
    if (isAlone(marker)) {
      // Any number of filling bytes may come before a marker.
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    // The scan, the end, or another start: there is no frame before it.
    if (marker >= 0xd8 && marker <= 0xda) return without("damaged: no frame comes before its data");
    const length = head.uint16(at + 2);
    if (length < 2) return without("damaged: a segment has no length");
    if (isFrame(marker)) {
      if (!head.covers(at, 10)) return without(head.missing(at + 10));
      return {
        ...dimensions(head.uint16(at + 7), head.uint16(at + 5)),
        ...known({ orientation, bitsPerSample: head.uint8(at + 4), progressive: isProgressive(marker) }),
      };
    }
    if (marker === 0xe1) orientation ??= exifOrientation(head.part(at + 4, at + 2 + length));
    at += 2 + length;
  }
}

/** Filling bytes, a marker for private use and those of restarts stand alone: no length follows. */
function isAlone(marker: number): boolean {
  return marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/** The frame of JPEG-LS (ITU-T T.87), which has the fields of all others. */
const SOF55 = 0xf7;

/** SOF0 to SOF15; among them are the tables of Huffman (C4) and arithmetic coding (CC) and a reserved one (C8). */
function isFrame(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === SOF55;
}

/** Every fourth one, whatever codes its entropy. */
function isProgressive(marker: number): boolean {
  return (marker & 3) === 2;
}
