import type { Random } from "../chaos/random.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A healthy file to damage. */
export interface Sample {
  readonly name: string;
  readonly bytes: Bytes;
  /** Where fields of its structure begin: damage is likelier there. */
  readonly places: readonly number[];
  /** Makes checksums right again, in place, so that damage gets past them. */
  readonly repair?: (bytes: Bytes) => void;
}

/** Numbers at the edges of what a field holds, and what wraps around when it is added to. */
const EDGES: readonly bigint[] = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fffen,
  0xffff_ffffn,
  0x1_0000_0000n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

type Mutation = (bytes: Bytes, sample: Sample, random: Random) => Bytes;

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  setEdge,
  setEdge,
  setEdge,
  nudge,
  nudge,
  replaceEverywhere,
  replaceEverywhere,
  truncate,
  duplicate,
  remove,
  insert,
  overwrite,
  swap,
];

/** Between one and five changes, of which the first are the most likely; a repair follows more often than not. */
export function mutate(sample: Sample, random: Random): Bytes {
  let bytes = sample.bytes.slice();
  do bytes = random.pick(MUTATIONS)(bytes, sample, random);
  while (random.chance(0.4));
  if (sample.repair !== undefined && random.chance(0.6)) sample.repair(bytes);
  return bytes;
}

/** Any position, or one of the structure; the structure's own as it was before anything moved. */
function placeIn(bytes: Bytes, { places }: Sample, random: Random): number {
  const place = places.length > 0 && random.chance(0.8) ? random.pick(places) : random.whole(0, bytes.length);
  return Math.min(place, Math.max(0, bytes.length - 1));
}

function flipBit(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const at = placeIn(bytes, sample, random);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.whole(0, 7));
  return bytes;
}

function setByte(bytes: Bytes, sample: Sample, random: Random): Bytes {
  bytes[placeIn(bytes, sample, random)] = random.pick([
    0,
    1,
    0x20,
    0x2f,
    0x7f,
    0x80,
    0xff,
    random.whole(0, 255),
  ]);
  return bytes;
}

/** One of the edges, in any width and order that fits. */
function setEdge(bytes: Bytes, sample: Sample, random: Random): Bytes {
  writeNumber(bytes, placeIn(bytes, sample, random), { ...widthIn(random), value: random.pick(EDGES) });
  return bytes;
}

/** A little more or less than what is there, or than the length of all. */
function nudge(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const at = placeIn(bytes, sample, random);
  const form = widthIn(random);
  const from = random.chance(0.8) ? readNumber(bytes, at, form) : BigInt(bytes.length);
  writeNumber(bytes, at, { ...form, value: from + BigInt(random.pick([-512, -46, -2, -1, 1, 2, 22, 512])) });
  return bytes;
}

/** What says a thing twice is changed in both places: every occurrence of the four bytes that stand somewhere. */
function replaceEverywhere(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const at = placeIn(bytes, sample, random);
  const form = { width: 4, littleEndian: true };
  const from = readNumber(bytes, at, form);
  if (from === 0n) return bytes;
  const value = random.chance(0.5) ? random.pick(EDGES) : from + BigInt(random.pick([-1, 1, 2]));
  for (let index = 0; index + 4 <= bytes.length; index++) {
    if (bytes[index] === bytes[at] && readNumber(bytes, index, form) === from) {
      writeNumber(bytes, index, { ...form, value });
      index += 3;
    }
  }
  return bytes;
}

function truncate(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const at = placeIn(bytes, sample, random);
  return random.chance(0.5) ? bytes.slice(0, at) : bytes.slice(Math.min(at, 600));
}

function duplicate(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const [start, end] = sliceOf(bytes, sample, random);
  return spliced(bytes, [placeIn(bytes, sample, random), 0], bytes.slice(start, end));
}

function remove(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const [start, end] = sliceOf(bytes, sample, random);
  return spliced(bytes, [start, end - start], new Uint8Array(0));
}

function insert(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const filling = new Uint8Array(random.pick([1, 4, 16, 512, 1024])).fill(random.pick([0, 0xff, 0x50]));
  return spliced(bytes, [placeIn(bytes, sample, random), 0], filling);
}

/** A slice over another. */
function overwrite(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const [start, end] = sliceOf(bytes, sample, random);
  bytes.copyWithin(placeIn(bytes, sample, random), start, end);
  return bytes;
}

/** Two neighbours of the same length change places. */
function swap(bytes: Bytes, sample: Sample, random: Random): Bytes {
  const [start, end] = sliceOf(bytes, sample, random);
  const half = (end - start) >> 1;
  const first = bytes.slice(start, start + half);
  bytes.copyWithin(start, start + half, start + 2 * half);
  bytes.set(first, start + half);
  return bytes;
}

function sliceOf(bytes: Bytes, sample: Sample, random: Random): [start: number, end: number] {
  const start = placeIn(bytes, sample, random);
  const end = random.chance(0.5)
    ? placeIn(bytes, sample, random)
    : start + random.pick([1, 2, 4, 8, 46, 512, 1024]);
  return [Math.min(start, end), Math.min(Math.max(start, end), bytes.length)];
}

function spliced(bytes: Bytes, [at, removed]: [at: number, removed: number], filling: Uint8Array): Bytes {
  const result = new Uint8Array(bytes.length - removed + filling.length);
  result.set(bytes.subarray(0, at));
  result.set(filling, at);
  result.set(bytes.subarray(at + removed), at + filling.length);
  return result;
}

interface NumberForm {
  readonly width: number;
  readonly littleEndian: boolean;
}

function widthIn(random: Random): NumberForm {
  return { width: random.pick([1, 2, 2, 4, 4, 4, 8]), littleEndian: random.chance(0.6) };
}

function readNumber(bytes: Bytes, at: number, { width, littleEndian }: NumberForm): bigint {
  let value = 0n;
  for (let index = 0; index < width; index++) {
    const byte = BigInt(bytes[at + (littleEndian ? width - 1 - index : index)] ?? 0);
    value = (value << 8n) | byte;
  }
  return value;
}

/** As much of it as there is room for. */
function writeNumber(bytes: Bytes, at: number, form: NumberForm & { readonly value: bigint }): void {
  const { width, littleEndian, value } = form;
  for (let index = 0; index < width; index++) {
    const position = at + (littleEndian ? index : width - 1 - index);
    if (position < bytes.length) bytes[position] = Number((value >> BigInt(8 * index)) & 0xffn);
  }
}
