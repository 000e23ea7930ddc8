import { describe, expect, test } from "vitest";
import { RangeStreamsError } from "../errors.ts";
import type { RangeInput } from "../ranges/range-input.ts";
import { resolveRange } from "../ranges/range-input.ts";
import { bytesSource } from "../source/bytes-source.ts";
import type { Bytes, Source } from "../source/source.ts";
import { patternBytes } from "./pattern-bytes.ts";
import { type SourceContractOptions, sourceContract } from "./source-contract.ts";

const BYTES = patternBytes(6000);
// Several chunks a stream, so that what happens between them is seen.
const CHUNK_BYTES = 500;

/** How often the sources of one run were told to fail, and what their streams have taken. */
interface Bench {
  failNext: boolean;
  taken: number;
}

// A source that keeps the contract, built for being broken: `bend` replaces members of it.
function bentSource(bench: Bench, bend: (good: Source) => Partial<Source>): Source {
  const inner = bytesSource(BYTES);
  const read: Source["read"] = async (range, options) => {
    const { start, end } = resolveRange(range, BYTES.length);
    if (bench.failNext && end > start) {
      bench.failNext = false;
      throw new Error("told to fail");
    }
    return inner.read(range, options);
  };
  const stream: Source["stream"] = (range, options) => {
    if (isBad(range)) return inner.stream(range, options);
    const { start, end } = resolveRange(range ?? [0], BYTES.length);
    let position = start;
    return new ReadableStream<Bytes>(
      {
        async pull(controller) {
          if (position === end) return controller.close();
          const next = Math.min(end, position + CHUNK_BYTES);
          const chunk = await inner.read([position, next], options);
          position = next;
          bench.taken += chunk.length;
          controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
  };
  const good: Source = {
    name: inner.name,
    size: inner.size,
    identity: inner.identity,
    read,
    stream,
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  };
  return { ...good, ...bend(good) };
}

function casesOf(
  bend: (good: Source) => Partial<Source> = () => ({}),
  more: Partial<SourceContractOptions> = {},
) {
  const bench: Bench = { failNext: false, taken: 0 };
  return sourceContract({
    open: async () => bentSource(bench, bend),
    bytes: BYTES,
    timeoutMs: 500,
    failNextRead: () => {
      bench.failNext = true;
    },
    backPressure: { bytesTaken: () => bench.taken, maxUnreadBytes: 100 },
    ...more,
  });
}

/** The names of the cases that fail; all run at once, each on a bench of its own. */
async function failuresOf(bend: (good: Source) => Partial<Source>): Promise<string[]> {
  const outcomes = casesOf().map(async ({ name }, index) => {
    const run = casesOf(bend)[index]?.run();
    return (await run?.then(() => undefined).catch(() => name)) ?? [];
  });
  return (await Promise.all(outcomes)).flat();
}

test.each(casesOf().map(({ name, run }) => [name, run] as const))("of a good source, %s", (_, run) => run());

test("bytes too short to tell a broken source from a good one are refused", () => {
  const open = async () => bytesSource(BYTES);
  expect(() => sourceContract({ open, bytes: BYTES.subarray(0, 63) })).toThrow(/at least 64/);
  const backPressure = { bytesTaken: () => 0, maxUnreadBytes: 6000 };
  expect(() => sourceContract({ open, bytes: BYTES, backPressure })).toThrow(/at least 6001/);
});

test("a case that hangs fails", async () => {
  const [first] = casesOf(() => ({ read: () => new Promise(() => {}), name: "" }), { timeoutMs: 50 }).slice(
    1,
  );
  await expect(first?.run()).rejects.toThrow("within 50 ms");
});

const chunksOf = (...chunks: Uint8Array[]) =>
  new ReadableStream<Bytes>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(new Uint8Array(chunk));
      controller.close();
    },
  });
const clampedEnd = (range: RangeInput): RangeInput =>
  Array.isArray(range) && Number(range[1]) > BYTES.length
    ? [Math.min(range[0], BYTES.length), BYTES.length]
    : range;
const isBad = (range: RangeInput | undefined) => {
  try {
    resolveRange(range === undefined ? [0] : range, BYTES.length);
    return false;
  } catch {
    return true;
  }
};
/** Remembers one promise per range, whatever became of it. */
const remembering = (good: Source): Partial<Source> => {
  const memory = new Map<string, Promise<Bytes>>();
  return {
    read: (range, options) => {
      const key = isBad(range) ? "bad" : String(resolveRange(range, BYTES.length));
      if (key === "bad") return good.read(range, options);
      const known = memory.get(key) ?? good.read(range, options);
      memory.set(key, known);
      return known.then((bytes) => bytes.slice());
    },
  };
};

// Each flaw that was seen in some library, or that the contract names, and the cases that must catch it.
const flaws: [name: string, bend: (good: Source) => Partial<Source>, caught: RegExp[]][] = [
  ["no name", () => ({ name: "" }), [/^a source tells/]],
  ["a wrong size", () => ({ size: 1 }), [/^a source tells/]],
  ["weak called strong", () => ({ identity: { strength: "strong", etag: 'W/"x"' } }), [/^a source tells/]],
  [
    "reads one byte early",
    (good) => ({
      read: async (range, options) => {
        const bytes = await good.read(range, options);
        bytes.copyWithin(1, 0);
        return bytes;
      },
    }),
    [/every edge/, /every form/, /^reads at the same time/],
  ],
  [
    "reads one byte too few at the end of the file",
    (good) => ({
      read: async (range, options) => {
        const bytes = await good.read(range, options);
        return resolveRange(range, BYTES.length).end === BYTES.length ? bytes.slice(0, -1) : bytes;
      },
    }),
    [/every edge/],
  ],
  [
    "takes a suffix for a start",
    (good) => ({
      read: (range, options) =>
        good.read(typeof range === "object" && "suffix" in range ? [range.suffix] : range, options),
    }),
    [/every form/],
  ],
  [
    "clamps",
    (good) => ({ read: (range, options) => good.read(clampedEnd(range), options) }),
    [/^a range outside the file/],
  ],
  [
    "gives nothing for a malformed range",
    (good) => ({
      read: (range, options) =>
        good.read(range, options).catch((error: unknown) => {
          if ((error as RangeStreamsError).code === "INVALID_RANGE") return new Uint8Array(0);
          throw error;
        }),
    }),
    [/^a malformed range/],
  ],
  [
    "refuses an empty range",
    (good) => ({
      read: async (range, options) => {
        const bytes = await good.read(range, options);
        if (bytes.length === 0) throw new RangeStreamsError("INVALID_RANGE", "empty");
        return bytes;
      },
    }),
    [/^an empty range/],
  ],
  [
    "throws synchronously",
    (good) => ({
      read: (range, options) => {
        resolveRange(range, BYTES.length);
        return good.read(range, options);
      },
    }),
    [/^a read never throws/],
  ],
  [
    "hands out its cache",
    (good) => {
      const all = BYTES.slice();
      return {
        read: async (range, options) => {
          if (isBad(range)) return good.read(range, options);
          const { start, end } = resolveRange(range, BYTES.length);
          return all.subarray(start, end);
        },
      };
    },
    [/belong to the caller/, /does not keep a large buffer/],
  ],
  [
    "remembers failed reads",
    remembering,
    [/that failed is not remembered/, /^an aborted read is not remembered/],
  ],
  [
    "mixes up reads at the same time",
    (good) => {
      let last: RangeInput = [0, 0];
      return {
        read: async (range, options) => {
          if (isBad(range)) return good.read(range, options);
          last = range;
          await Promise.resolve();
          return good.read(last, options);
        },
      };
    },
    [/^reads at the same time/],
  ],
  [
    "streams only the first chunk",
    (good) => ({
      stream: (range, options) => (range ? good.stream(range, options) : chunksOf(BYTES.slice(0, 9))),
    }),
    [/^a stream without a range/],
  ],
  [
    "streams everything, whatever the range",
    (good) => ({
      stream: (range, options) => (isBad(range) ? good.stream(range, options) : good.stream([0], options)),
    }),
    [/what a read of the same range gives/, /^a stream of an empty range/],
  ],
  [
    "gives an empty chunk",
    (good) => ({
      stream: (range, options) =>
        range && !isBad(range) && resolveRange(range, BYTES.length).isEmpty()
          ? chunksOf(new Uint8Array(0))
          : good.stream(range, options),
    }),
    [/^a stream of an empty range/],
  ],
  [
    "throws from stream()",
    (good) => ({
      stream: (range, options) => {
        resolveRange(range ?? [0], BYTES.length);
        return good.stream(range, options);
      },
    }),
    [/^a stream of a bad range/],
  ],
  [
    "has one stream at a time",
    (good) => {
      let turn: Promise<unknown> = Promise.resolve();
      return {
        stream: (range, options) => {
          const previous = turn;
          let done: (value?: unknown) => void = () => {};
          turn = new Promise((resolve) => {
            done = resolve;
          });
          const reader = good.stream(range, options).getReader();
          return new ReadableStream<Bytes>(
            {
              async pull(controller) {
                await previous;
                const step = await reader.read().catch((error: unknown) => {
                  done();
                  throw error;
                });
                if (!step.done) return controller.enqueue(step.value);
                done();
                controller.close();
              },
              cancel: () => done(),
            },
            { highWaterMark: 0 },
          );
        },
      };
    },
    [/^streams that nobody reads/, /^a cancelled stream/],
  ],
  [
    "lets the streams share one position",
    (good) => {
      let shared: ReadableStreamDefaultReader<Bytes> | undefined;
      let users = 0;
      return {
        stream: (range, options) => {
          if (range === undefined || isBad(range) || options !== undefined)
            return good.stream(range, options);
          users += 1;
          if (users === 1) shared = good.stream(range).getReader();
          const reader = shared as ReadableStreamDefaultReader<Bytes>;
          return new ReadableStream<Bytes>({
            async pull(controller) {
              const { done, value } = await reader.read();
              if (!done) return controller.enqueue(value);
              users -= 1;
              controller.close();
            },
          });
        },
      };
    },
    [/^streams at the same time/],
  ],
  [
    "dies of a cancelled stream",
    (good) => ({
      stream: (range, options) => {
        const reader = good.stream(range, options).getReader();
        return new ReadableStream<Bytes>(
          {
            async pull(controller) {
              const { done, value } = await reader.read();
              if (done) controller.close();
              else controller.enqueue(value);
            },
            cancel: () => good.close(),
          },
          { highWaterMark: 0 },
        );
      },
    }),
    [/^a cancelled stream/],
  ],
  [
    "streams views of its cache",
    (good) => {
      const cache = BYTES.slice();
      return {
        read: async (range, options) => {
          await good.read(range, options);
          const { start, end } = resolveRange(range, BYTES.length);
          return cache.slice(start, end);
        },
        stream: (range, options) => {
          if (range !== undefined) return good.stream(range, options);
          return new ReadableStream<Bytes>({
            start: (controller) => {
              controller.enqueue(cache);
              controller.close();
            },
          });
        },
      };
    },
    [/^the chunks of a stream belong/],
  ],
  [
    "ignores aborts",
    (good) => ({ read: (range) => good.read(range), stream: (range) => good.stream(range) }),
    [/^a read whose signal has aborted/, /^a stream whose signal has aborted/],
  ],
  [
    "wraps the reason of an abort",
    (good) => ({
      read: (range, options) =>
        good.read(range, options).catch((cause: unknown) => {
          if (options?.signal?.aborted === true) throw new Error("aborted", { cause });
          throw cause;
        }),
    }),
    [/^a read whose signal has aborted/],
  ],
  [
    "gives part of the bytes to an aborted read",
    (good) => ({
      read: async (range, options) => {
        options?.signal?.throwIfAborted();
        const bytes = await good.read(range);
        return options?.signal?.aborted === true ? bytes.slice(1) : bytes;
      },
    }),
    [/^a read that is aborted/],
  ],
  [
    "lets an abort hit those who share a request",
    (good) => {
      const shared = new Map<string, Promise<Bytes>>();
      return {
        read: (range, options) => {
          if (isBad(range)) return good.read(range, options);
          const key = String(resolveRange(range, BYTES.length));
          const pending = shared.get(key) ?? good.read(range, options).finally(() => shared.delete(key));
          shared.set(key, pending);
          return pending.then((bytes) => bytes.slice());
        },
      };
    },
    [/hurts no other read/],
  ],
  [
    "streams on after an abort",
    (good) => ({
      stream: (range, options) => {
        options?.signal?.throwIfAborted();
        return good.stream(range);
      },
    }),
    [/^a stream that is aborted/],
  ],
  ["never closes", () => ({ close: async () => {} }), [/^after close/, /^a stream in progress at close/]],
  [
    "is closed only by close()",
    () => ({ [Symbol.asyncDispose]: async () => {} }),
    [/^leaving an `await using` closes/],
  ],
  [
    "cannot be closed twice",
    (good) => {
      let closed = false;
      return {
        close: async () => {
          if (closed) throw new Error("closed already");
          closed = true;
          return good.close();
        },
      };
    },
    [/^closing twice/],
  ],
  [
    "gives part of the bytes to a read in progress at close",
    (good) => {
      let closed = false;
      return {
        read: async (range, options) => {
          const bytes = await good.read(range, options).catch((error: unknown) => {
            if (closed && !isBad(range)) return BYTES.slice(0, 3);
            throw error;
          });
          return bytes;
        },
        close: async () => {
          closed = true;
          return good.close();
        },
      };
    },
    [/^a read in progress at close/],
  ],
  [
    "reads ahead without end",
    (good) => ({
      stream: (range, options) => {
        const stream = good.stream(range, options);
        // Two branches: the one that nobody reads makes the other buffer everything.
        const [kept, drained] = stream.tee();
        drained.pipeTo(new WritableStream()).catch(() => {});
        return kept;
      },
    }),
    [/^a stream that nobody reads/],
  ],
];

describe("a broken source fails", () => {
  const caught = new Set<string>();

  test.concurrent.each(flaws)("a source that %s is caught", async (_, bend, expected) => {
    const failures = await failuresOf(bend);
    for (const name of failures) caught.add(name);
    for (const pattern of expected) expect(failures).toContainEqual(expect.stringMatching(pattern));
  });

  test("every case catches some flaw: none of them cannot fail", () => {
    expect(casesOf().map(({ name }) => name)).toEqual(expect.arrayContaining([...caught]));
    expect(
      casesOf()
        .map(({ name }) => name)
        .filter((name) => !caught.has(name)),
    ).toEqual([]);
  });
});
