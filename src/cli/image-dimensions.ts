/** Width and height in pixels. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** Reads bytes of the file; fewer where it ends. */
export type ReadAt = (position: number, length: number) => Promise<Uint8Array>;

/** Each step may be a request. A color profile and Exif data take a dozen at most. Chosen, not measured. */
const MAX_SEGMENTS = 100;

/** The dimensions that the head of an image tells; undefined for other types and for a head that is damaged. */
export async function imageDimensions(
  type: string | undefined,
  head: Uint8Array,
  readAt: ReadAt,
): Promise<Dimensions | undefined> {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const found =
    type === "png"
      ? pngDimensions(view)
      : type === "gif"
        ? gifDimensions(view)
        : type === "webp"
          ? webpDimensions(view)
          : type === "jpeg"
            ? await jpegDimensions(head, readAt)
            : undefined;
  return found === undefined || found.width === 0 || found.height === 0 ? undefined : found;
}

/** IHDR (Portable Network Graphics, third edition, section 11.2.1). */
function pngDimensions(view: DataView): Dimensions | undefined {
  if (view.byteLength < 24 || view.getUint32(12) !== 0x49484452) return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** The logical screen (GIF89a, section 18). */
function gifDimensions(view: DataView): Dimensions | undefined {
  if (view.byteLength < 10) return undefined;
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** The three kinds of a first chunk (RFC 9649 sections 2.5 to 2.7). */
function webpDimensions(view: DataView): Dimensions | undefined {
  if (view.byteLength < 30) return undefined;
  const kind = view.getUint32(12);
  if (kind === 0x56503858) return { width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
  if (kind === 0x5650384c) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (kind !== 0x56503820) return undefined;
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
}

/** Goes from segment to segment up to the frame (ITU-T T.81, B.1 and B.2.2), reading on where it lies beyond the head. */
async function jpegDimensions(head: Uint8Array, readAt: ReadAt): Promise<Dimensions | undefined> {
  let position = 2;
  for (let count = 0; count < MAX_SEGMENTS; count++) {
    const segment =
      position + 9 <= head.length ? head.subarray(position, position + 9) : await readAt(position, 9);
    const [prefix, marker = 0] = segment;
    if (segment.length < 9 || prefix !== 0xff) return undefined;
    // Any number of filling bytes may come before a marker.
    if (marker === 0xff) {
      position += 1;
      continue;
    }
    const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
    if (isFrame(marker)) return { width: view.getUint16(7), height: view.getUint16(5) };
    // The scan, or the end: there is no frame before it.
    if (marker === 0xda || marker === 0xd9 || view.getUint16(2) < 2) return undefined;
    position += 2 + view.getUint16(2);
  }
  return undefined;
}

/** SOF0 to SOF15; among them are the tables of Huffman (C4) and arithmetic coding (CC) and a reserved one (C8). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
