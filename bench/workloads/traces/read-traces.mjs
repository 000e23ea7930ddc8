import { randomNumbers } from "../files/random.mjs";

const KIB = 1024;
const MIB = 1024 * KIB;

// A trace is what readers ask of a file: `lanes` run side by side, each a row of steps, each step the ranges that are asked
// together. A step begins when the one before it has all its bytes. `whole`: what a reader may announce, because its caller
// said so (a sequence to the end). `opens`: what a format's reader asks first.

/** The footer's length, the footer, then 20 of 60 column chunks, 100 KB to 2 MB each: 19 MB. */
export function parquet({ size }) {
  const next = randomNumbers(20);
  const chunks = [];
  let at = 4;
  for (let index = 0; index < 60; index++) {
    const length = 100_000 + Math.floor(next() * 1_700_000);
    if (at + length > size - MIB) break;
    chunks.push([at, at + length]);
    at += length;
  }
  const asked = chunks.slice(0, 52).filter((_, index) => [0, 1, 4, 7, 8].includes(index % 13));
  return {
    lanes: [[[[size - 8, size]], [[size - 24_000, size - 8]], asked]],
    opens: { suffix: 64 * KIB },
  };
}

/** Header, three directories, then four views of sixteen tiles of about 30 KB, four in a row each. */
export function cog({ size }) {
  const next = randomNumbers(64);
  const steps = [[[0, 16]], [[16, 9000]], [[200_000, 204_000]], [[310_000, 312_000]]];
  for (let view = 0; view < 4; view++) {
    const tiles = [];
    const origin = MIB + Math.floor((next() * 0.2 + view * 0.24) * (size - 4 * MIB));
    for (let row = 0; row < 4; row++) {
      let at = origin + row * 700_000;
      for (let column = 0; column < 4; column++) {
        const length = 24_000 + Math.floor(next() * 15_000);
        tiles.push([at, at + length]);
        at += length;
      }
    }
    steps.push(tiles);
  }
  return { lanes: [steps] };
}

const PAGE = 4096;
const INNER_PAGES = 55;
const KEYS = 6000;
const ZIPF = 0.9;

/** 2,000 dependent reads of a page: root, inner page, leaf of keys drawn by Zipf's law; leaves lie scattered. 470 pages in all. */
export function sqlite({ size }) {
  const next = randomNumbers(1);
  const pages = Math.floor(size / PAGE);
  const sums = [];
  let sum = 0;
  for (let rank = 1; rank <= KEYS; rank++) sums.push((sum += rank ** -ZIPF));
  const leaves = new Map();
  const steps = [];
  while (steps.length < 2000) {
    const drawn = next() * sum;
    const key = sums.findIndex((upTo) => upTo >= drawn);
    if (!leaves.has(key)) leaves.set(key, INNER_PAGES + 1 + Math.floor(next() * (pages - INNER_PAGES - 1)));
    const leaf = leaves.get(key);
    for (const page of [0, 1 + Math.floor((leaf / pages) * INNER_PAGES), leaf])
      steps.push([[page * PAGE, (page + 1) * PAGE]]);
  }
  return { lanes: [steps.slice(0, 2000)] };
}

/** The file from its start to its end in reads of `length`. */
export function sequence(length) {
  return ({ size }) => ({ lanes: [sequentialSteps([0, size], length)], whole: [0, size] });
}

/** Two readers of the same 32 MiB, each 64 KiB after the other. */
export function twoReaders() {
  const steps = sequentialSteps([8 * MIB, 40 * MIB], 64 * KIB);
  return { lanes: [steps, steps] };
}

/** Header, `moov` at the end, then the film from its start with ten seeks, 35 reads of 64 KiB after each. */
export function video({ size }) {
  const steps = [[[0, 32]], [[size - 1_900_000, size]]];
  let from = 4096;
  for (let seek = 0; seek <= 10; seek++) {
    steps.push(...sequentialSteps([from, from + 35 * 64 * KIB], 64 * KIB));
    from = 4096 + Math.floor((((7 * seek + 3) % 10) / 10 + 0.05) * (size - 6 * MIB));
  }
  return { lanes: [steps] };
}

/** Every header, one after the other, as each tells where the next one is. */
export function tarWalk({ headers }) {
  return { lanes: [headers.map((at) => [[at, at + 512]])] };
}

/** The signature, then length and type of every chunk. */
export function pngWalk({ heads }) {
  return { lanes: [[[[0, 8]], ...heads.map((at) => [[at, at + 8]])]] };
}

/** A first page, as any reader begins, then 100 pages of 4 KiB at random, asked together. */
export function readMany({ size }) {
  const next = randomNumbers(100);
  const asked = new Set();
  while (asked.size < 100) asked.add(1 + Math.floor(next() * (size / PAGE - 1)));
  return {
    lanes: [[[[0, PAGE]], [...asked].map((page) => [page * PAGE, (page + 1) * PAGE])]],
    opens: [0, PAGE],
  };
}

/** So many pages of 4 KiB, one after the other. */
export function smallReads(count) {
  return ({ size }) => {
    const next = randomNumbers(10);
    const steps = [];
    const pages = Math.floor(size / PAGE);
    // Every sixth page, from the last to the first with a little chance: no sequence and no walk.
    for (let at = pages - 6; steps.length < count; at -= 6) {
      const page = at + Math.floor(next() * 3);
      steps.push([[page * PAGE, (page + 1) * PAGE]]);
    }
    return { lanes: [steps] };
  };
}

function sequentialSteps([start, end], length) {
  const steps = [];
  for (let at = start; at < end; at += length) steps.push([[at, Math.min(at + length, end)]]);
  return steps;
}
