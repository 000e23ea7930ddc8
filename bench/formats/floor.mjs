// What the checks cost that a peer leaves out, on bytes in memory: node bench/formats/floor.mjs. Side by side, in turns; the best of each.
import { crc32, inflateRawSync } from "node:zlib";
import { makers } from "./files/files.mjs";

const ROUNDS = 15;

const stored = new Uint8Array(makers["stored.zip"]().content[0][1]);
const text = makers["text.deflate"]();
const inflate = () => inflateRawSync(text.bytes, { chunkSize: text.size + 1 });

/** As quick as both together can be; docs/decisions/016 tells the other ways. */
function sumAndCopy() {
  const sum = crc32(stored);
  return [sum, stored.slice()];
}

const works = {
  "stored 50 MB: copy": () => stored.slice(),
  "stored 50 MB: CRC-32 and copy": sumAndCopy,
  "stored 50 MB: CRC-32 alone": () => crc32(stored),
  "deflated 50 MB: inflate": inflate,
  "deflated 50 MB: inflate, then CRC-32": () => crc32(inflate()),
};

const best = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(works)) {
    const began = performance.now();
    work();
    best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, performance.now() - began);
  }
}
for (const [name, ms] of Object.entries(best))
  console.log(`${name.padEnd(40)} ${ms.toFixed(1).padStart(6)} ms`);
