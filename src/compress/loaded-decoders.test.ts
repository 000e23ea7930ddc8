import { describe, expect, it } from "vitest";
import { createCrc32 } from "#crc32";
import { pack } from "../../test/zip/build-zip.ts";
import { compressedSample, SAMPLE_TEXTS, type SampleMethod } from "../../test/zip/compressed-samples.ts";
import { decodeBzip2, decompressBzip2 } from "./bzip2.ts";
import type { Chunk, Decode, DecodeOptions, Decompress } from "./decoder.ts";
import { decodeDeflate64 } from "./deflate64.ts";
import { decodeLzma } from "./lzma.ts";
import { decodeXz, decompressXz } from "./xz.ts";
import { decodeZstd, decompressZstd } from "./zstd.ts";

const DECODERS: Readonly<Record<SampleMethod, Decode>> = {
  deflate64: decodeDeflate64,
  bzip2: decodeBzip2,
  lzma: decodeLzma,
  zstd: decodeZstd,
  xz: decodeXz,
};
const METHODS = Object.keys(DECODERS) as SampleMethod[];

function crcOf(bytes: Uint8Array): number {
  const crc = createCrc32();
  crc.update(bytes);
  return crc.digest();
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Chunk, void, void> {
  for (let start = 0; start < bytes.length; start += size) {
    yield new Uint8Array(bytes.subarray(start, start + size));
  }
}

function promise(plain: Uint8Array, stored: Uint8Array, rest: Partial<DecodeOptions> = {}): DecodeOptions {
  const sizes = { size: plain.length, storedSize: stored.length };
  return { what: "a.txt in x.zip", ...sizes, crc32: crcOf(plain), maxRatio: 20_000, ...rest };
}

async function collect(chunks: AsyncIterable<Chunk>): Promise<Chunk> {
  const parts: Chunk[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return pack(...parts);
}

async function codeOf(chunks: AsyncIterable<Chunk>): Promise<unknown> {
  return collect(chunks).then(
    (bytes) => `${bytes.length} bytes and no error`,
    (error: { code?: unknown }) => error.code ?? error,
  );
}

describe.each(METHODS)("the decoder of %s", (method) => {
  const decode = DECODERS[method];
  const small = compressedSample(method, "small");
  const large = compressedSample(method, "large");

  it("gives back what another tool compressed, whatever the cuts of its input", async () => {
    for (const [stored, plain] of [
      [small, SAMPLE_TEXTS.small],
      [large, SAMPLE_TEXTS.large],
    ] as const) {
      for (const size of [stored.length, 100, 1]) {
        const got = await collect(decode(cut(stored, size), promise(plain, stored)));
        expect([got.length, crcOf(got)]).toEqual([plain.length, crcOf(plain)]);
      }
    }
  });

  it("hands out chunks that are the consumer's", async () => {
    const plain = SAMPLE_TEXTS.large;
    let length = 0;
    for await (const chunk of decode(cut(large, 50), promise(plain, large))) {
      length += chunk.length;
      chunk.fill(0);
    }
    expect(length).toBe(plain.length);
  });

  it("refuses it with any bit wrong, or gives what was compressed", async () => {
    const plain = SAMPLE_TEXTS.small;
    const codes = new Set<unknown>();
    for (let position = 0; position < small.length; position++) {
      const damaged = small.slice();
      damaged[position] = (damaged[position] as number) ^ (1 << (position % 8));
      codes.add(await codeOf(decode(cut(damaged, 100), promise(plain, damaged))));
    }
    codes.delete(`${plain.length} bytes and no error`);
    expect(["CHECKSUM", "FORMAT", "LIMIT", "UNSUPPORTED"]).toEqual(expect.arrayContaining([...codes]));
  });

  it("refuses it cut short anywhere", async () => {
    const plain = SAMPLE_TEXTS.small;
    for (let length = 0; length < small.length; length += 7) {
      const code = await codeOf(decode(cut(small.subarray(0, length), 100), promise(plain, small)));
      // The decoder of lzma does not notice the end of its input; what it then makes up has another checksum.
      expect(method === "lzma" ? ["CHECKSUM", "FORMAT"] : ["FORMAT"]).toContain(code);
    }
  });

  it("refuses more and less than was promised as FORMAT", async () => {
    const plain = SAMPLE_TEXTS.small;
    for (const size of [plain.length - 1, plain.length + 1]) {
      const code = await codeOf(decode(cut(small, 100), promise(plain, small, { size })));
      // Of lzma the promise is all that tells the decoder where to end.
      expect(method === "lzma" ? ["CHECKSUM", "FORMAT"] : ["FORMAT"]).toContain(code);
    }
  });

  it("passes on an error of its input as it is", async () => {
    const reason = new Error("the wire broke");
    async function* broken(): AsyncGenerator<Chunk, void, void> {
      yield small.slice(0, 20);
      throw reason;
    }
    const thrown = await collect(decode(broken(), promise(SAMPLE_TEXTS.small, small))).then(
      () => "no error",
      (error: unknown) => error,
    );
    expect(thrown).toBe(reason);
  });

  it("ends its input when the consumer leaves", async () => {
    let ended = false;
    async function* watched(): AsyncGenerator<Chunk, void, void> {
      try {
        yield* cut(large, 50);
        // More than is wanted: the consumer is gone by then.
        yield* cut(new Uint8Array(1000), 1);
      } finally {
        ended = true;
      }
    }
    for await (const chunk of decode(watched(), promise(SAMPLE_TEXTS.large, large))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => ended).toBe(true);
  });

  it("decodes two members in turns", async () => {
    const plain = SAMPLE_TEXTS.large;
    const both = [1, 2].map(() => decode(cut(large, 20), promise(plain, large)));
    const lengths = [0, 0];
    for (const done = [false, false]; done.includes(false); ) {
      for (const [index, chunks] of both.entries()) {
        const next = await chunks.next();
        done[index] = next.done === true;
        lengths[index] = (lengths[index] as number) + (next.value?.length ?? 0);
      }
    }
    expect(lengths).toEqual([plain.length, plain.length]);
  });
});

describe.each<[SampleMethod, Decompress]>([
  ["bzip2", decompressBzip2],
  ["xz", decompressXz],
  ["zstd", decompressZstd],
])("decompressing %s of no known size", (method, decompress) => {
  const small = compressedSample(method, "small");

  it("stops at the ratio limit of a member, long before its promised size", async () => {
    const large = compressedSample(method, "large");
    const bomb = pack(...Array.from({ length: 10 }, () => large));
    const size = 10 * SAMPLE_TEXTS.large.length;
    const options = promise(SAMPLE_TEXTS.large, bomb, { size, maxRatio: 2 });
    let length = 0;
    const run = async (): Promise<void> => {
      for await (const chunk of DECODERS[method](cut(bomb, 100), options)) length += chunk.length;
    };
    await expect(run()).rejects.toMatchObject({ code: "LIMIT" });
    expect(length).toBeLessThan(size / 2);
  });

  it("joins streams that follow one another", async () => {
    const twice = pack(small, small);
    for (const size of [twice.length, 33]) {
      const got = await collect(decompress(cut(twice, size), { what: "x" }));
      expect(got).toEqual(pack(SAMPLE_TEXTS.small, SAMPLE_TEXTS.small));
    }
  });

  it.each([
    ["nothing at all", new Uint8Array(0)],
    ["garbage", Uint8Array.from({ length: 500 }, (_, index) => (index * 197 + 7) & 0xff)],
    ["a stream and a byte more", pack(small, [1, 7])],
    ["a stream and most of another", pack(small, small.subarray(0, -5))],
  ])("refuses %s as FORMAT", async (_name, bytes) => {
    for (const size of [bytes.length + 1, 41]) {
      expect(await codeOf(decompress(cut(bytes, size), { what: "x" }))).toBe("FORMAT");
    }
  });
});

describe("limits of memory", () => {
  const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
  const endless = async function* (head: Uint8Array): AsyncGenerator<Chunk, void, void> {
    yield new Uint8Array(head);
    for (;;) yield new Uint8Array(1000);
  };

  it.each([
    ["a window of 256 MiB", [0, 18 << 3]],
    ["the largest window there is", [0, 0xff]],
    ["one segment of 2 GiB", [0xa0, 0, 0, 0, 0x80]],
  ])("refuses zstd with %s as LIMIT before it allocates (206)", async (_name, header) => {
    expect(await codeOf(decompressZstd(endless(Uint8Array.from([...MAGIC, ...header])), { what: "x" }))).toBe(
      "LIMIT",
    );
  });

  it("decodes zstd with a window of 128 MiB, as the highest level writes even for little", async () => {
    const block = pack([1, 1 | (5 << 3)], [1, 0], [1, 0], Uint8Array.of(1, 2, 3, 4, 5));
    const frame = pack(Uint8Array.from([...MAGIC, 0, 17 << 3]), block);
    const options = promise(Uint8Array.of(1, 2, 3, 4, 5), frame);
    expect(await collect(decodeZstd(cut(frame, 4), options))).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
  });

  it("refuses lzma of properties that make tables of gigabytes before it allocates", async () => {
    const codes = new Set<unknown>();
    for (const [properties, code] of [
      [128, "UNSUPPORTED"],
      [200, "UNSUPPORTED"],
      [224, "UNSUPPORTED"],
      [225, "FORMAT"],
      [255, "FORMAT"],
    ] as const) {
      const stored = compressedSample("lzma", "small").slice();
      stored[4] = properties;
      codes.add((await codeOf(decodeLzma(cut(stored, 99), promise(SAMPLE_TEXTS.small, stored)))) === code);
    }
    expect([...codes]).toEqual([true]);
  });

  it("refuses zstd that needs a dictionary as UNSUPPORTED", async () => {
    const frame = Uint8Array.from([...MAGIC, 1, 0, 9]);
    expect(await codeOf(decompressZstd(endless(frame), { what: "x" }))).toBe("UNSUPPORTED");
  });

  it("passes over zstd frames that are to be skipped, however long", async () => {
    const skippable = pack([4, 0x184d2a57], [4, 5000], new Uint8Array(5000));
    const stored = pack(skippable, compressedSample("zstd", "small"), skippable);
    expect(await collect(decompressZstd(cut(stored, 999), { what: "x" }))).toEqual(SAMPLE_TEXTS.small);
  });

  it("says CHECKSUM where a zstd frame's own is wrong, which no directory tells", async () => {
    const stored = compressedSample("zstd", "small").slice();
    stored[stored.length - 1] = (stored.at(-1) as number) ^ 1;
    expect(await codeOf(decompressZstd(cut(stored, 999), { what: "x" }))).toBe("CHECKSUM");
  });

  it.each([29, 35, 40])(
    "refuses xz with the dictionary size %i, above 64 MiB, as LIMIT before it allocates (206)",
    async (size) => {
      // The dictionary is the eighth byte of the first block's header; its checksum follows.
      const stored = compressedSample("xz", "small").slice();
      const header = stored.subarray(12, 24);
      expect([...header.subarray(0, 4)]).toEqual([2, 0, 0x21, 1]);
      header[4] = size;
      new DataView(header.buffer, header.byteOffset).setUint32(8, crcOf(header.subarray(0, 8)), true);
      expect(await codeOf(decompressXz(endless(stored), { what: "x" }))).toBe("LIMIT");
      expect(await codeOf(decompressXz(cut(stored, 50), { what: "x" }))).toBe("LIMIT");
    },
  );

  it("refuses lzma above 32 MiB as LIMIT before it reads any", async () => {
    const stored = compressedSample("lzma", "small");
    const options = promise(SAMPLE_TEXTS.small, stored, { size: 32 * 1024 * 1024 + 1 });
    expect(await codeOf(decodeLzma(endless(stored), options))).toBe("LIMIT");
  });
});
