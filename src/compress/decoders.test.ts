import { deflateSync } from "fflate";
import { describe, expect, it } from "vitest";
import { createCrc32 } from "#crc32";
import { concatBytes } from "../bytes/collect-bytes.ts";
import type { Chunk, Decode, DecodeOptions } from "./decoder.ts";
import { decodeDeflate } from "./deflate.ts";
import { decodeStore } from "./store.ts";
import { inflateZlib } from "./zlib.ts";

const MIB = 1024 * 1024;

/** Compressible, but not trivially: words in a fixed order that never repeats exactly. */
function sampleBytes(length: number): Chunk {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = 97 + ((state >>> 16) % 16);
  }
  return bytes;
}

function crcOf(bytes: Uint8Array): number {
  const crc = createCrc32();
  crc.update(bytes);
  return crc.digest();
}

function deflate(bytes: Uint8Array): Chunk {
  return new Uint8Array(deflateSync(bytes));
}

async function* cut(bytes: Chunk, size: number): AsyncGenerator<Chunk, void, void> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
}

function promise(plain: Uint8Array, stored: Uint8Array, rest: Partial<DecodeOptions> = {}): DecodeOptions {
  return {
    what: "a.txt in x.zip",
    size: plain.length,
    storedSize: stored.length,
    crc32: crcOf(plain),
    maxRatio: 1100,
    ...rest,
  };
}

async function collect(chunks: AsyncIterable<Chunk>): Promise<Chunk> {
  const parts: Chunk[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

async function codeOf(chunks: AsyncIterable<Chunk>): Promise<unknown> {
  return collect(chunks).then(
    (bytes) => `${bytes.length} bytes and no error`,
    (error: { code?: unknown }) => error.code ?? error,
  );
}

const METHODS: [string, Decode, (plain: Uint8Array) => Chunk][] = [
  ["store", decodeStore, (plain) => new Uint8Array(plain)],
  ["deflate", decodeDeflate, deflate],
];

describe.each(METHODS)("the decoder of %s", (_name, decode, encode) => {
  it.each([0, 1, 1000, 3 * MIB])("gives back %i bytes, whatever the cuts of its input", async (length) => {
    const plain = sampleBytes(length);
    const stored = encode(plain);
    for (const size of [Math.max(1, stored.length), Math.max(1, Math.ceil(stored.length / 7))]) {
      const got = await collect(decode(cut(stored, size), promise(plain, stored)));
      expect(got.length).toBe(length);
      expect(crcOf(got)).toBe(crcOf(plain));
    }
  });

  it("reads one byte at a time, and views with an offset", async () => {
    const plain = sampleBytes(300);
    const padded = new Uint8Array([9, 9, 9, ...encode(plain), 9]);
    const stored = padded.subarray(3, -1);
    async function* views(): AsyncGenerator<Chunk, void, void> {
      for (let index = 0; index < stored.length; index++) yield stored.subarray(index, index + 1);
    }
    expect(await collect(decode(views(), promise(plain, stored)))).toEqual(plain);
  });

  it("refuses more output than was promised as FORMAT, and hands out none of the surplus", async () => {
    const plain = sampleBytes(5000);
    const stored = encode(plain);
    const out: Chunk[] = [];
    const run = async (): Promise<void> => {
      const options = promise(plain, stored, { size: 4999 });
      for await (const chunk of decode(cut(stored, 100), options)) out.push(chunk);
    };
    await expect(run()).rejects.toMatchObject({ code: "FORMAT" });
    expect(out.reduce((sum, chunk) => sum + chunk.length, 0)).toBeLessThan(5000);
  });

  it("refuses less output than was promised as FORMAT", async () => {
    const plain = sampleBytes(5000);
    const stored = encode(plain);
    expect(await codeOf(decode(cut(stored, 999), promise(plain, stored, { size: 5001 })))).toBe("FORMAT");
  });

  it("says CHECKSUM where one bit of the output is wrong", async () => {
    const plain = sampleBytes(5000);
    const stored = encode(plain);
    const options = promise(plain, stored, { crc32: crcOf(plain) ^ 1 });
    expect(await codeOf(decode(cut(stored, 999), options))).toBe("CHECKSUM");
  });

  it("checks before it hands a chunk over, so that a consumer may write into it", async () => {
    const plain = sampleBytes(2 * MIB);
    const stored = encode(plain);
    let length = 0;
    for await (const chunk of decode(cut(stored, 50_000), promise(plain, stored))) {
      length += chunk.length;
      chunk.fill(0);
    }
    expect(length).toBe(plain.length);
  });

  it("passes on an error of its input as it is, even one that is no Error", async () => {
    const plain = sampleBytes(5000);
    const stored = encode(plain);
    for (const reason of [new Error("the wire broke"), "stopped", undefined]) {
      async function* broken(): AsyncGenerator<Chunk, void, void> {
        yield stored.slice(0, 100);
        throw reason;
      }
      const error = await collect(decode(broken(), promise(plain, stored))).then(
        () => "no error",
        (thrown: unknown) => thrown,
      );
      expect(error).toBe(reason);
    }
  });

  it("ends its input when the consumer leaves", async () => {
    const plain = sampleBytes(4 * MIB);
    const stored = encode(plain);
    let ended = false;
    async function* watched(): AsyncGenerator<Chunk, void, void> {
      try {
        yield* cut(stored, 10_000);
      } finally {
        ended = true;
      }
    }
    for await (const chunk of decode(watched(), promise(plain, stored))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => ended).toBe(true);
  });

  it("takes no more input than its output is pulled for, but for what the inflater holds", async () => {
    const plain = sampleBytes(8 * MIB);
    const stored = encode(plain);
    let taken = 0;
    async function* counted(): AsyncGenerator<Chunk, void, void> {
      for await (const chunk of cut(stored, 10_000)) {
        taken += chunk.length;
        yield chunk;
      }
    }
    const decoded = decode(counted(), promise(plain, stored));
    await decoded.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBeLessThan(stored.length / 2);
    await decoded.return();
  });
});

describe("the decoder of deflate", () => {
  const plain = sampleBytes(50_000);
  const stored = deflate(plain);

  it.each([
    ["nothing at all", new Uint8Array(0)],
    ["garbage", Uint8Array.from({ length: 500 }, (_, index) => (index * 197 + 7) & 0xff)],
    ["a reserved block type", Uint8Array.of(0x07, 0, 0, 0)],
    ["a stream cut short", stored.slice(0, -1)],
    ["a stream cut in the middle", stored.slice(0, stored.length >> 1)],
    ["a byte after the end", new Uint8Array([...stored, 0])],
    ["another stream after the end", new Uint8Array([...stored, ...stored])],
  ])("refuses %s as FORMAT, and does not hang", async (_name, bytes) => {
    for (const size of [Math.max(1, bytes.length), 997]) {
      expect(await codeOf(decodeDeflate(cut(bytes, size), promise(plain, bytes)))).toBe("FORMAT");
    }
  });

  it("refuses what follows the end in a chunk of its own", async () => {
    async function* two(): AsyncGenerator<Chunk, void, void> {
      yield stored.slice();
      yield Uint8Array.of(1, 2, 3);
    }
    const options = promise(plain, stored, { storedSize: stored.length + 3 });
    expect(await codeOf(decodeDeflate(two(), options))).toBe("FORMAT");
  });

  it("stops a bomb at the ratio limit, long before its promised size", async () => {
    const bomb = deflate(new Uint8Array(32 * MIB));
    let length = 0;
    const run = async (): Promise<void> => {
      const options = { what: "bomb", size: 32 * MIB, storedSize: bomb.length, maxRatio: 100 };
      for await (const chunk of decodeDeflate(cut(bomb, 1024), options)) length += chunk.length;
    };
    await expect(run()).rejects.toMatchObject({ code: "LIMIT" });
    expect(length).toBeLessThan(8 * MIB);
  });

  it("lets the highest ratio of honest deflate pass", async () => {
    const zeros = new Uint8Array(8 * MIB);
    const dense = deflate(zeros);
    const got = await collect(decodeDeflate(cut(dense, 1024), promise(zeros, dense)));
    expect(got.length).toBe(zeros.length);
  });

  it("speaks of what it inflates and not of archives: images are inflated by it too", async () => {
    const zlib = concatBytes([Uint8Array.of(0x78, 0x9c), deflate(sampleBytes(5000)), new Uint8Array(4)]);
    const inflated = collect(inflateZlib(zlib, { what: "pixels of x.png", size: 4000 }));
    const error = await inflated.catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "FORMAT" });
    expect(String(error)).toContain("pixels of x.png");
    expect(String(error)).not.toMatch(/archive|directory|member/);
  });

  it("gives chunks over buffers of their own", async () => {
    for await (const chunk of decodeDeflate(cut(stored, 3000), promise(plain, stored))) {
      expect(chunk.byteLength).toBe(chunk.buffer.byteLength);
    }
  });
});
