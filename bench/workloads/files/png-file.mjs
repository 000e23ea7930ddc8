import { crc32 } from "node:zlib";
import { noise } from "./random.mjs";
import { SegmentFile } from "./segment-file.mjs";

const SIGNATURE = Buffer.from("89504e470d0a1a0a", "hex");
const CHUNKS = 3500;
const CHUNK_BYTES = 32 * 1024;

/** A PNG of 3,500 IDAT chunks of 32 KiB with right CRCs, 115 MB; the pixels are noise. */
export function pngFile() {
  const segments = [{ bytes: SIGNATURE }];
  const heads = [];
  let at = SIGNATURE.length;
  const add = ({ type, bytes, length = bytes.length, phase = 0, crc = crcOf(type, bytes) }) => {
    heads.push(at);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(length);
    head.write(type, 4);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc);
    segments.push({ bytes: head }, { bytes, length, phase }, { bytes: tail });
    at += length + 12;
  };
  add({ type: "IHDR", bytes: Buffer.from("00007000000070000802000000", "hex") });
  add({ type: "sRGB", bytes: Buffer.from([0]) });
  add({ type: "pHYs", bytes: Buffer.from("00000b1300000b1301", "hex") });
  // Few different contents, so that their CRCs are soon computed.
  const kinds = Array.from({ length: 16 }, (_, kind) => {
    const bytes = noise().subarray(kind * CHUNK_BYTES, (kind + 1) * CHUNK_BYTES);
    return { type: "IDAT", bytes, crc: crcOf("IDAT", bytes) };
  });
  for (let index = 0; index < CHUNKS; index++) add(kinds[index % kinds.length]);
  add({ type: "IEND", bytes: Buffer.alloc(0) });
  return Object.assign(new SegmentFile(segments), { heads });
}

function crcOf(type, bytes) {
  return crc32(bytes, crc32(type));
}
