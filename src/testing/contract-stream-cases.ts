import type { Bytes, Source } from "../source/source.ts";
import { assert, assertBytes, assertRejects } from "./contract-assert.ts";
import { malformedInputs } from "./contract-read-cases.ts";
import type { BackPressureProbe, SourceCase, SourceCaseOptions } from "./source-case.ts";

/** What a stream gives, and what it leaves alone. */
export function streamCases({ bytes, backPressure }: SourceCaseOptions): SourceCase[] {
  const size = bytes.length;
  const cases: SourceCase[] = [
    { name: "a stream without a range gives the whole file", check: (s) => checkWhole(s, bytes) },
    { name: "a stream gives what a read of the same range gives", check: (s) => checkEqual(s, bytes) },
    { name: "a stream of an empty range ends at once", check: checkEmpty },
    {
      name: "a stream of a bad range fails through the stream, never by throwing",
      check: (s) => checkBad(s, size),
    },
    { name: "streams at the same time do not disturb each other", check: (s) => checkInterleaved(s, bytes) },
    { name: "streams that nobody reads hold up no other read", check: (s) => checkUnread(s, bytes) },
    { name: "a cancelled stream ends, and other reads go on", check: (s) => checkCancel(s, bytes) },
    { name: "the chunks of a stream belong to the consumer", check: (s) => checkOwnership(s, bytes) },
  ];
  if (backPressure !== undefined) {
    cases.push({
      name: "a stream that nobody reads stops taking bytes",
      check: (source) => checkBackPressure(source, backPressure),
    });
  }
  return cases;
}

/** All that comes of a stream. */
async function collect(stream: ReadableStream<Bytes>): Promise<Uint8Array> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    assert(step.value instanceof Uint8Array, "A chunk of a stream is no Uint8Array");
    assert(step.value.length > 0, "A chunk of a stream is empty");
    chunks.push(step.value);
  }
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

async function checkWhole(source: Source, bytes: Uint8Array): Promise<void> {
  assertBytes(await collect(source.stream()), bytes, "the whole stream");
}

async function checkEqual(source: Source, bytes: Uint8Array): Promise<void> {
  const size = bytes.length;
  const spans = [
    [0, 1],
    [3, 60],
    [size - 1, size],
    [1, size - 1],
  ] as const;
  for (const [start, end] of spans) {
    const what = `the stream of [${start}, ${end})`;
    assertBytes(await collect(source.stream([start, end])), bytes.subarray(start, end), what);
  }
  assertBytes(
    await collect(source.stream({ suffix: 9 })),
    bytes.subarray(size - 9),
    "the stream of a suffix",
  );
}

async function checkEmpty(source: Source): Promise<void> {
  assertBytes(await collect(source.stream([7, 7])), new Uint8Array(0), "the stream of [7, 7)");
}

async function checkBad(source: Source, size: number): Promise<void> {
  const outside = source.stream([0, size + 1]);
  await assertRejects(outside.getReader().read(), "OUT_OF_BOUNDS", `the stream of [0, ${size + 1})`);
  for (const input of malformedInputs) {
    const stream = source.stream(input);
    await assertRejects(stream.getReader().read(), "INVALID_RANGE", `the stream of ${JSON.stringify(input)}`);
  }
}

async function checkInterleaved(source: Source, bytes: Uint8Array): Promise<void> {
  const starts = [0, 1, 5, 20];
  const results = await Promise.all(starts.map((start) => collect(source.stream([start]))));
  for (const [index, start] of starts.entries()) {
    assertBytes(results[index] as Uint8Array, bytes.subarray(start), `the stream from ${start} among 4`);
  }
}

async function checkUnread(source: Source, bytes: Uint8Array): Promise<void> {
  const readers = Array.from({ length: 20 }, () => source.stream().getReader());
  await Promise.all(readers.slice(0, 10).map((reader) => reader.read()));
  assertBytes(
    await source.read([9, 50]),
    bytes.subarray(9, 50),
    "a read beside 20 streams, 10 of them begun",
  );
  await Promise.all(readers.map((reader) => reader.cancel()));
}

async function checkCancel(source: Source, bytes: Uint8Array): Promise<void> {
  const other = source.stream();
  const reader = source.stream().getReader();
  await reader.read();
  await reader.cancel("enough");
  assert((await reader.read()).done, "A cancelled stream gave another chunk");
  await source.stream().cancel();
  assertBytes(await collect(other), bytes, "the stream beside a cancelled one");
  assertBytes(await source.read([0, 10]), bytes.subarray(0, 10), "a read after a cancelled stream");
}

async function checkOwnership(source: Source, bytes: Uint8Array): Promise<void> {
  const reader = source.stream().getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) step.value.fill(0xaa);
  assertBytes(await source.read([0]), bytes, "a read after the chunks of a stream were changed");
  assertBytes(await collect(source.stream()), bytes, "a stream after the chunks of another were changed");
}

// Long enough for a source without back-pressure to run on: it would take all that is there.
const SETTLE_MS = 150;

async function checkBackPressure(
  source: Source,
  { bytesTaken, maxUnreadBytes }: BackPressureProbe,
): Promise<void> {
  const before = bytesTaken(source);
  const reader = source.stream().getReader();
  const first = await reader.read();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const unread = bytesTaken(source) - before - (first.value?.length ?? 0);
  await reader.cancel();
  const seen = `${unread} bytes were taken that nobody read; at most ${maxUnreadBytes} may be`;
  assert(unread <= maxUnreadBytes, seen);
}
