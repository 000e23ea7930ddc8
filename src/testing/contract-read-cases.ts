import { Range } from "../ranges/range.ts";
import type { RangeInput } from "../ranges/range-input.ts";
import type { Source } from "../source/source.ts";
import { assert, assertBytes, assertRejects, describe } from "./contract-assert.ts";
import type { SourceCase, SourceCaseOptions } from "./source-case.ts";

/** What a read gives, and to whom it belongs. */
export function readCases({ bytes, failNextRead }: SourceCaseOptions): SourceCase[] {
  const size = bytes.length;
  const cases: SourceCase[] = [
    {
      name: "a source tells its name, its size and how sure its identity is",
      check: (s) => checkFacts(s, size),
    },
    { name: "a read gives exactly its bytes, at every edge", check: (s) => checkEdges(s, bytes) },
    { name: "every form of a range input is understood", check: (s) => checkForms(s, bytes) },
    {
      name: "a range outside the file is OUT_OF_BOUNDS and never clamped",
      check: (s) => checkOutside(s, bytes),
    },
    { name: "a malformed range is INVALID_RANGE", check: (s) => checkMalformed(s, bytes) },
    { name: "an empty range gives no bytes", check: (s) => checkEmpty(s, size) },
    { name: "a read never throws before it has returned a promise", check: checkAsynchronous },
    { name: "reads at the same time give each its own bytes", check: (s) => checkConcurrent(s, bytes) },
    {
      name: "the bytes of a read belong to the caller, who may change them",
      check: (s) => checkOwnership(s, bytes),
    },
    { name: "a small read does not keep a large buffer alive", check: (s) => checkBufferSize(s, size) },
  ];
  if (failNextRead !== undefined) {
    cases.push({
      name: "a read that failed is not remembered: the next one succeeds",
      check: async (source) => {
        failNextRead();
        const failed = await source.read([3, 13]).then(
          (value) => `It gave ${describe(value)}`,
          () => undefined,
        );
        assert(failed === undefined, `The read that was to fail did not: ${failed}`);
        assertBytes(await source.read([3, 13]), bytes.subarray(3, 13), "the same read again");
      },
    });
  }
  return cases;
}

async function checkFacts({ name, size, identity }: Source, expected: number): Promise<void> {
  assert(typeof name === "string" && name !== "", `The name is ${describe(name)}`);
  assert(size === expected, `The size is ${size} and should be ${expected}`);
  assert(["strong", "weak", "none"].includes(identity.strength), `The strength is ${identity.strength}`);
  const { strength, etag } = identity;
  assert(
    strength !== "strong" || etag?.startsWith('"') === true,
    `Only a strong ETag is strong, not ${etag}`,
  );
}

async function checkEdges(source: Source, bytes: Uint8Array): Promise<void> {
  const size = bytes.length;
  const middle = Math.floor(size / 2);
  const spans = [
    [0, size],
    [0, 1],
    [size - 1, size],
    [1, size - 1],
    [middle, middle + 3],
    [0, size - 1],
    [1, size],
  ] as const;
  for (const [start, end] of spans) {
    assertBytes(await source.read([start, end]), bytes.subarray(start, end), `read [${start}, ${end})`);
  }
}

async function checkForms(source: Source, bytes: Uint8Array): Promise<void> {
  const size = bytes.length;
  const forms: [input: RangeInput, start: number, end: number][] = [
    [new Range(2, 9), 2, 9],
    ["[2, 9)", 2, 9],
    ["[2, 9]", 2, 10],
    ["(2, 9)", 3, 9],
    ["2..9", 2, 9],
    ["5..", 5, size],
    ["-3..", size - 3, size],
    [[2, 9], 2, 9],
    [[5], 5, size],
    [[-3], size - 3, size],
    [[-3, 0], size - 3, size],
    [[-3, -1], size - 3, size - 1],
    [[5, -2], 5, size - 2],
    [{ start: 2, end: 9 }, 2, 9],
    [{ start: 5 }, 5, size],
    [{ suffix: 3 }, size - 3, size],
  ];
  for (const [input, start, end] of forms) {
    assertBytes(await source.read(input), bytes.subarray(start, end), `read ${JSON.stringify(input)}`);
  }
}

async function checkOutside(source: Source, bytes: Uint8Array): Promise<void> {
  const size = bytes.length;
  const inputs: RangeInput[] = [
    [0, size + 1],
    [size, size + 1],
    [size - 1, size + 1],
    [size + 1, size + 1],
    [size + 1],
    [-(size + 1)],
    { suffix: size + 1 },
    new Range(0, size + 1),
    [0, Number.MAX_SAFE_INTEGER],
  ];
  for (const input of inputs) {
    await assertRejects(source.read(input), "OUT_OF_BOUNDS", `read ${JSON.stringify(input)}`);
  }
  assertBytes(await source.read([0, 3]), bytes.subarray(0, 3), "a read after the refused ones");
}

/** Inputs that no size could make right. */
export const malformedInputs: readonly RangeInput[] = [
  [3, 1],
  [1.5, 2],
  [Number.NaN, 1],
  [0, Number.POSITIVE_INFINITY],
  [-5, 3],
  [0, 2 ** 53],
  [1, 2, 3],
  ["0", 1],
  { start: 3, end: 1 },
  { suffix: -1 },
  {},
  "nonsense",
  "",
  true,
  null,
  7,
] as unknown as readonly RangeInput[];

async function checkMalformed(source: Source, bytes: Uint8Array): Promise<void> {
  for (const input of malformedInputs) {
    await assertRejects(source.read(input), "INVALID_RANGE", `read ${JSON.stringify(input)}`);
  }
  assertBytes(await source.read([0, 3]), bytes.subarray(0, 3), "a read after the refused ones");
}

async function checkEmpty(source: Source, size: number): Promise<void> {
  const inputs: RangeInput[] = [[0, 0], [5, 5], [size, size], [size], { suffix: 0 }];
  for (const input of inputs) {
    assertBytes(await source.read(input), new Uint8Array(0), `read ${JSON.stringify(input)}`);
  }
}

async function checkAsynchronous(source: Source): Promise<void> {
  for (const input of malformedInputs) {
    const outcome: unknown = source.read(input);
    assert(outcome instanceof Promise, `read ${JSON.stringify(input)} returned no promise`);
    outcome.catch(() => undefined);
  }
}

async function checkConcurrent(source: Source, bytes: Uint8Array): Promise<void> {
  const spans = Array.from({ length: 50 }, (_, index) => {
    const start = (index * 7919) % (bytes.length - 17);
    return { start, end: start + 1 + (index % 17) };
  });
  const results = await Promise.all(spans.map((span) => source.read(span)));
  for (const [index, { start, end }] of spans.entries()) {
    const result = results[index] as Uint8Array;
    assertBytes(result, bytes.subarray(start, end), `read [${start}, ${end}) among 50`);
  }
}

async function checkOwnership(source: Source, bytes: Uint8Array): Promise<void> {
  const [first, twin] = await Promise.all([source.read([4, 40]), source.read([4, 40])]);
  assert(first.buffer !== twin.buffer, "Two reads share one buffer");
  assert(first.buffer instanceof ArrayBuffer, "The bytes lie in a buffer that is no ArrayBuffer");
  new Uint8Array(first.buffer).fill(0xaa);
  assertBytes(twin, bytes.subarray(4, 40), "a read beside the one whose bytes were changed");
  assertBytes(
    await source.read([4, 40]),
    bytes.subarray(4, 40),
    "a read after the bytes of the first were changed",
  );
  assertBytes(await source.read([0, 64]), bytes.subarray(0, 64), "a wider read after that");
}

// A pool of 8 KiB, as Node's Buffer has, would be seen.
const MAX_BUFFER_BYTES = 4096;

async function checkBufferSize(source: Source, size: number): Promise<void> {
  await source.read([0, size]);
  const { buffer } = await source.read([5, 7]);
  const limit = Math.min(MAX_BUFFER_BYTES, size - 1);
  const seen = `2 bytes came in a buffer of ${buffer.byteLength}; at most ${limit} are sane`;
  assert(buffer.byteLength <= limit, seen);
}
