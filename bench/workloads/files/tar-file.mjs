import { noise, randomNumbers } from "./random.mjs";
import { SegmentFile } from "./segment-file.mjs";

const BLOCK = 512;
const MEMBERS = 1000;

/** A ustar of 1,000 members, from 100 bytes to 1.65 MB and evenly spread over the magnitudes between: 194 MB in all. */
export function tarFile() {
  const next = randomNumbers(194);
  const headers = [];
  const segments = [];
  let at = 0;
  const add = (segment) => {
    segments.push(segment);
    at += segment.length;
  };
  for (let index = 0; index < MEMBERS; index++) {
    const size = Math.round(100 * 16_500 ** next());
    headers.push(at);
    add({ bytes: header(`data/part-${String(index).padStart(4, "0")}.bin`, size), length: BLOCK });
    add({ bytes: noise(), length: size, phase: Math.floor(next() * noise().length) });
    add({ bytes: Buffer.alloc(BLOCK), length: (BLOCK - (size % BLOCK)) % BLOCK });
  }
  headers.push(at);
  add({ bytes: Buffer.alloc(2 * BLOCK), length: 2 * BLOCK });
  return Object.assign(new SegmentFile(segments), { headers });
}

function header(name, size) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, offset, digits) => block.write(value.toString(8).padStart(digits, "0"), offset);
  block.write(name, 0);
  octal(0o644, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(1_700_000_000, 136, 11);
  block.write("        0", 148);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
