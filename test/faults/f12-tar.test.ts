import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { createCrc32 } from "#crc32";
import type { Bytes } from "../../src/index.ts";
import { openTar, type TarArchive, type TarOptions, walkTar } from "../../src/tar.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { startLab } from "../lab/lab.ts";
import {
  type BlockSpec,
  base256,
  buildTar,
  bytesOf,
  gnuLong,
  pax,
  paxRecord,
  tarBlock,
} from "../tar/build-tar.ts";
import { cutUp, type SeekTableSpec, seekableZstd } from "../tar/build-zstd.ts";
import { compressedTar, type SampleFormat } from "../tar/compressed-tars.ts";
import { drain } from "../zip/drain.ts";
import { recordedSource } from "../zip/recorded-source.ts";

const HELLO: BlockSpec = { name: "hello", data: "hello" };
const WORLD: BlockSpec = { name: "world", data: "world!" };
const NOTHING = new Uint8Array(0);

/** What opening it comes to; nothing outside the file is asked for, else the source itself would refuse. */
async function outcome(bytes: Bytes, options?: TarOptions): Promise<unknown> {
  const opened = openTar(recordedSource(bytes, "x.tar"), options).then(
    ({ entries }) => entries.map(({ name }) => name).join(" "),
    (error: { code?: unknown }) => error.code ?? error,
  );
  const walk = async (): Promise<string> => {
    const names: string[] = [];
    for await (const { name } of walkTar(bytes, options)) names.push(name);
    return names.join(" ");
  };
  const walked = walk().catch((error: { code?: unknown }) => error.code ?? error);
  expect(await walked).toEqual(await opened);
  const gz = await openTar(gzipSync(bytes), options).then(
    ({ entries }) => entries.map(({ name }) => name).join(" "),
    (error: { code?: unknown }) => error.code ?? error,
  );
  if (bytes.length >= 512) expect(gz).toEqual(await opened);
  return opened;
}

const build = (...parts: (BlockSpec | Bytes)[]): Promise<unknown> => outcome(buildTar(parts));

async function contents(tar: TarArchive): Promise<[name: string, text: string][]> {
  const read: [string, string][] = [];
  for (const entry of tar.entries) read.push([entry.name, await entry.text()]);
  return read;
}

describe("F12: tar", () => {
  it("196. the size of a pax header governs both the data and where the next header is", async () => {
    const inner = buildTar([{ name: "hidden", data: "evil" }]);
    // To a reader that goes by the header alone, whose size is 0, the members of the inner tar come next.
    const bytes = buildTar([
      pax({ size: String(inner.length) }),
      { name: "inner.tar", data: inner, size: 0 },
      HELLO,
    ]);
    expect(await outcome(bytes)).toBe("inner.tar hello");
    const tar = await openTar(bytes);
    expect((await tar.get("inner.tar").bytes()).length).toBe(inner.length);
    expect(await tar.get("hello").text()).toBe("hello");
    const shorter = buildTar([pax({ size: "3" }), { name: "a", data: "abcdef" }, WORLD]);
    expect(await contents(await openTar(shorter))).toEqual([
      ["a", "abc"],
      ["world", "world!"],
    ]);
  });

  it("196. a size that a pax header sets for every member is AMBIGUOUS, as a name is", async () => {
    expect(await build(pax({ size: "0" }, "g"), HELLO)).toBe("AMBIGUOUS");
    expect(await build(pax({ path: "x" }, "g"), HELLO)).toBe("AMBIGUOUS");
    expect(await build(pax({ linkpath: "x" }, "g"), HELLO)).toBe("AMBIGUOUS");
    expect(await build(pax({ "GNU.sparse.name": "x" }, "g"), HELLO)).toBe("AMBIGUOUS");
    expect(await build(pax({ "GNU.sparse.realsize": "9" }, "g"), HELLO)).toBe("AMBIGUOUS");
  });

  it("196. a size for a hard link in a tar with pax headers, where data may follow one, is AMBIGUOUS", async () => {
    const hidden = { type: "1", name: "link", linkName: "hello", data: tarBlock({ name: "hidden" }) };
    const sized = { ...hidden, size: 0 };
    expect(await build(HELLO, pax({ size: "512" }), sized)).toBe("AMBIGUOUS");
    expect(await build(HELLO, pax({ mtime: "1" }), hidden)).toBe("AMBIGUOUS");
    // POSIX allows data to them in all of such a tar, not only behind a pax header of their own.
    expect(await build(pax({ comment: "all" }, "g"), HELLO, hidden)).toBe("AMBIGUOUS");
    expect(await build(pax({ comment: "one" }), HELLO, hidden)).toBe("AMBIGUOUS");
    expect(await build(pax({ mtime: "1" }), HELLO, pax({ mtime: "1" }), sized)).toBe("hello link hidden");
  });

  it.each(["2", "3", "4", "5", "6"])(
    "196. a size for a member of type %s, of which readers pass over all or nothing, is AMBIGUOUS",
    async (type) => {
      const hidden = tarBlock({ name: "hidden" });
      expect(await build({ name: "d", type, linkName: "x", data: hidden }, HELLO)).toBe("AMBIGUOUS");
      expect(await build({ name: "d/", type: "0", data: hidden }, HELLO)).toBe("AMBIGUOUS");
    },
  );

  it("197. what a pax header says is of the member, not of GNU's long name between them", async () => {
    const tar = await openTar(
      buildTar([
        pax({ size: "5", mtime: "1.5" }),
        gnuLong("a/long/name"),
        { name: "short", data: "hello" },
        WORLD,
      ]),
    );
    expect(await contents(tar)).toEqual([
      ["a/long/name", "hello"],
      ["world", "world!"],
    ]);
    expect(tar.entries[0]?.modified?.getTime()).toBe(1500);
  });

  it("197. two names for one member, or two headers that could give one, are AMBIGUOUS", async () => {
    expect(await build(pax({ path: "one" }), gnuLong("two"), HELLO)).toBe("AMBIGUOUS");
    expect(await build(pax({ path: "one" }), pax({ path: "two" }), HELLO)).toBe("AMBIGUOUS");
    expect(await build(gnuLong("one"), gnuLong("two"), HELLO)).toBe("AMBIGUOUS");
  });

  it.each<[string, Bytes]>([
    ["a length that is too long", bytesOf("99 path=a\n")],
    ["a length that is too short", bytesOf("3 path=a\n")],
    ["no length", bytesOf("path=a\n")],
    ["no equals sign", bytesOf("8 pathab\n")],
    ["no newline", bytesOf("10 path=abc")],
    ["a name that is no UTF-8", paxRecord("path", Uint8Array.of(0xc3, 0x28))],
    ["a NUL in a name", paxRecord("path", "a\0b")],
    ["an empty name", paxRecord("path", "")],
    ["a size that is none", paxRecord("size", "0x10")],
    ["a negative size", paxRecord("size", "-1")],
    ["a size beyond 2^53", paxRecord("size", "99999999999999999999")],
  ])("198. a pax header with %s is FORMAT, not passed over", async (_, data) => {
    expect(await build({ name: "pax", type: "x", data }, HELLO)).toBe("FORMAT");
  });

  it("198. an extended header without a member is FORMAT", async () => {
    expect(await build(HELLO, pax({ path: "a" }))).toBe("FORMAT");
    expect(await build(HELLO, gnuLong("a"))).toBe("FORMAT");
  });

  it.each(["x", "g", "L", "K"])(
    "199. a header of type %s that claims gigabytes is LIMIT before anything is held",
    async (type) => {
      for (const size of ["37777777777\0", base256(2n ** 40n)]) {
        expect(await build({ name: "big", type, size }, HELLO)).toBe("LIMIT");
      }
    },
  );

  it("200. negative sizes, sizes beyond a file, garbage and wrong checksums are FORMAT", async () => {
    expect(await build({ ...HELLO, size: base256(-1n) })).toBe("FORMAT");
    expect(await build({ ...HELLO, size: base256(-512n) }, HELLO)).toBe("FORMAT");
    expect(await build({ ...HELLO, size: base256(2n ** 64n) })).toBe("FORMAT");
    expect(await build({ ...HELLO, size: base256(2n ** 53n - 1n) })).toBe("FORMAT");
    expect(await build({ ...HELLO, size: base256(2n ** 52n) })).toBe("FORMAT");
    expect(await build({ ...HELLO, size: "0000000005x\0" })).toBe("FORMAT");
    expect(await build({ ...HELLO, size: "9\0" })).toBe("FORMAT");
    expect(await build({ ...HELLO, checksum: "wrong" })).toBe("FORMAT");
    expect(await build(HELLO, { ...WORLD, checksum: "wrong" })).toBe("FORMAT");
  });

  it("201. sparse files are listed with their holes and UNSUPPORTED to read; what follows them is found", async () => {
    const continued = new Uint8Array(1024);
    continued[504] = 1;
    const gnu: BlockSpec = { name: "sparse", type: "S", magic: "ustar  \0", size: 5 };
    const real = bytesOf("00000100000\0");
    const data = tarBlock({ data: "hello" }).slice(512);
    const parts = [tarBlock({ ...gnu, patch: { 482: Uint8Array.of(1), 483: real } }), continued, data, HELLO];
    const bytes = buildTar(parts);
    expect(await outcome(bytes)).toBe("sparse hello");
    const posix = {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": "sparse",
      "GNU.sparse.realsize": "32768",
    };
    for (const tar of [
      await openTar(bytes),
      await openTar(buildTar([pax(posix), { name: "x", data: "hello" }, HELLO])),
    ]) {
      const entry = tar.get("sparse");
      expect([entry.size, entry.storedSize, entry.isSparse]).toEqual([32_768, 5, true]);
      await expect(entry.bytes()).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await expect(drain(entry.stream())).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await expect(entry.source()).rejects.toMatchObject({ code: "UNSUPPORTED" });
      expect(await tar.get("hello").text()).toBe("hello");
    }
  });

  it("198. more records in one header than the limit is worth, of a few bytes each, are LIMIT", async () => {
    const many = (count: number) =>
      pax(Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, "v"])));
    const options = { maxDirectoryBytes: 2 ** 21 };
    expect(await outcome(buildTar([many(2048), HELLO]), options)).toBe("hello");
    expect(await outcome(buildTar([many(2049), HELLO]), options)).toBe("LIMIT");
  });

  it("201. a sparse map without end or with a size that is none is LIMIT or FORMAT", async () => {
    const gnu: BlockSpec = { name: "s", type: "S", magic: "ustar  \0" };
    const endless = new Uint8Array(100_000).fill(1);
    const header = tarBlock({ ...gnu, patch: { 482: Uint8Array.of(1) } });
    expect(await outcome(buildTar([header, endless]), { maxDirectoryBytes: 10_000 })).toBe("LIMIT");
    expect(await outcome(buildTar([header, endless], NOTHING))).toBe("FORMAT");
    expect(await build({ ...gnu, patch: { 483: base256(-5n) } })).toBe("FORMAT");
    expect(await build(pax({ "GNU.sparse.realsize": "-5" }), HELLO)).toBe("FORMAT");
  });

  it("202. a tar cut short anywhere before its end is FORMAT", async () => {
    const whole = buildTar([HELLO, pax({ path: "world" }), WORLD], NOTHING);
    for (const length of [
      100,
      511,
      512,
      516,
      517,
      1000,
      1024,
      1536,
      2048,
      2560,
      whole.length - 600,
      whole.length,
    ]) {
      expect([length, await outcome(whole.slice(0, length))]).toEqual([length, "FORMAT"]);
    }
  });

  it("202. the end without its blocks of zeros is gone along with where that is asked for, and a cut member never", async () => {
    const allowMissingEnd = true;
    const whole = buildTar([HELLO, WORLD], NOTHING);
    expect(await outcome(whole, { allowMissingEnd })).toBe("hello world");
    expect(await outcome(whole.slice(0, -500), { allowMissingEnd })).toBe("hello world");
    expect(await outcome(whole.slice(0, -508), { allowMissingEnd })).toBe("FORMAT");
    expect(await outcome(whole.slice(0, 1324), { allowMissingEnd })).toBe("FORMAT");
    expect(await outcome(buildTar([HELLO, pax({ path: "a" })], NOTHING), { allowMissingEnd })).toBe("FORMAT");
  });

  it("202. what lies behind the blocks of zeros is not the tar's: garbage, another tar", async () => {
    for (const behind of [new Uint8Array(5000).fill(7), buildTar([WORLD]), new Uint8Array(9216)]) {
      expect(await build(HELLO, new Uint8Array(1024), behind)).toBe("hello");
    }
  });

  it("202. a single block of zeros is the end of a file, and FORMAT where more follows", async () => {
    expect(await outcome(buildTar([HELLO], new Uint8Array(512)))).toBe("hello");
    expect(await outcome(buildTar([HELLO, new Uint8Array(512), WORLD]))).toBe("FORMAT");
  });

  it("203. the headers of 10,000 small members take far fewer requests than there are headers", async () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => ({
      name: `m${index}`,
      data: "x".repeat(300),
    }));
    await using lab = await startLab({ files: { "many.tar": buildTar(parts) }, latencyMs: 10 });
    await using tar = await openTar(`${lab.url}/many.tar`);
    expect(tar.entries.length).toBe(10_000);
    expect(tar.source.receipt.requests).toBeLessThanOrEqual(60);
  });

  it("204. devices, FIFOs and what nobody knows are listed as other, without bytes or with their own", async () => {
    const parts = ["3", "4", "6"].map((type) => ({ name: type, type }));
    const tar = await openTar(buildTar([...parts, { name: "q", type: "q", data: "own" }, HELLO]));
    expect(tar.entries.map(({ kind }) => kind)).toEqual(["other", "other", "other", "other", "file"]);
    expect((await contents(tar)).map(([, text]) => text)).toEqual(["", "", "", "own", "hello"]);
  });
});

describe("F12: compressed tars", () => {
  const plain = buildTar([HELLO, { name: "zeros", data: new Uint8Array(3_000_000) }, WORLD]);
  const gz = gzipSync(plain) as Bytes;

  it("205. gzip in several members is one tar; a wrong trailer is CHECKSUM, garbage behind it FORMAT", async () => {
    const parts = [plain.slice(0, 700), plain.slice(700)].map((part) => gzipSync(part) as Bytes);
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0) + 100);
    joined.set(parts[0] as Bytes);
    joined.set(parts[1] as Bytes, parts[0]?.length);
    expect((await contents(await openTar(joined))).map(([name]) => name)).toEqual([
      "hello",
      "zeros",
      "world",
    ]);
    for (const back of [1, 5]) {
      const wrong = gz.slice();
      wrong[wrong.length - back] = (wrong.at(-back) as number) ^ 0x40;
      await expect(openTar(wrong)).rejects.toMatchObject({ code: "CHECKSUM" });
    }
    const garbage = new Uint8Array(gz.length + 20).fill(7);
    garbage.set(gz);
    await expect(openTar(garbage)).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("205. a bomb is LIMIT, as is a name without end in a header of gzip", async () => {
    await expect(openTar(gz, { maxRatio: 20 })).rejects.toMatchObject({ code: "LIMIT" });
    const named = new Uint8Array(100_000).fill(0x61);
    named.set([0x1f, 0x8b, 8, 8]);
    await expect(openTar(named)).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("206. a zstd frame that needs a window of terabytes is LIMIT before it is allocated", async () => {
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0xff, 0, 0, 0);
    await expect(openTar(frame)).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("206. zstd that tells of terabytes, and xz with a dictionary of 4 GiB, are LIMIT before they are allocated", async () => {
    const told = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
    await expect(openTar(told)).rejects.toMatchObject({ code: "LIMIT" });
    const xz = compressedTar("tar.xz").slice();
    // The dictionary is the fifth byte of the first block's header, and the header's CRC-32 follows its padding.
    xz[16] = 40;
    const crc = createCrc32();
    crc.update(xz.subarray(12, 20));
    new DataView(xz.buffer).setUint32(20, crc.digest(), true);
    await expect(openTar(xz)).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("206. a seek table of zstd that claims more than there is is FORMAT or LIMIT, and nothing outside is asked for", async () => {
    const parts = cutUp(plain, 400_000);
    const claims: [SeekTableSpec, TarOptions, string][] = [
      [{ frames: 0xffff_ffff }, {}, "FORMAT"],
      [{ frames: 3 }, {}, "FORMAT"],
      [{ edit: ([frame]) => frame && (frame[0] = 0xffff_ffff) }, {}, "FORMAT"],
      [{ edit: ([frame]) => frame && (frame[1] = 0xffff_ffff) }, {}, "FORMAT"],
      [{ edit: (frames) => frames.reverse() }, {}, "FORMAT"],
      [{ flags: 0b100 }, {}, "FORMAT"],
      [{}, { maxEntries: 4 }, "LIMIT"],
      [{}, { maxDirectoryBytes: 50 }, "LIMIT"],
    ];
    for (const [spec, options, code] of claims) {
      const source = recordedSource(await seekableZstd(parts, spec), "x.tar.zst");
      const opening = openTar(source, { checkpointBytes: 1000, ...options });
      await expect(opening, JSON.stringify(spec)).rejects.toMatchObject({ code });
      // The source itself would refuse what lies outside, as OUT_OF_BOUNDS.
      expect(source.asked.length).toBeLessThanOrEqual(4);
    }
  });

  it("207. a compressed tar that was cut short is an error, wherever that is, never an early end", async () => {
    for (const length of [11, 100, gz.length >> 1, gz.length - 9, gz.length - 8, gz.length - 1]) {
      await expect(openTar(gz.slice(0, length))).rejects.toMatchObject({ code: "FORMAT" });
    }
  });

  it.each<SampleFormat>(["tar.gz", "tar.zst", "tar.bz2", "tar.xz"])(
    "207. a %s that was cut short is FORMAT at any length, from an index CHANGED",
    async (format) => {
      const whole = compressedTar(format);
      const index = (await openTar(whole)).toIndex();
      for (let length = 6; length < whole.length; length += 13) {
        await expect(openTar(whole.slice(0, length))).rejects.toMatchObject({ code: "FORMAT" });
      }
      await expect(openTar(whole.slice(0, -1), { index })).rejects.toMatchObject({ code: "CHANGED" });
    },
  );

  it("207. spans of a tar.gz whose body ends early under their index are an error, never fewer bytes", async () => {
    const noise = patternBytes(300_000, 4);
    const whole = gzipSync(buildTar([{ name: "noise", data: noise }, HELLO])) as Bytes;
    const index = (await openTar(whole, { checkpointBytes: 50_000 })).toIndex();
    const short = recordedSource(whole.slice(0, 200_000), "x.tar.gz");
    const lying = { ...short, size: whole.length, read: short.read, stream: () => short.stream([0]) };
    const tar = await openTar({ ...lying, identity: { strength: "strong" } }, { index });
    await expect(tar.get("noise").bytes()).rejects.toMatchObject({
      code: expect.stringMatching(/FORMAT|CHECKSUM|SHORT_BODY|RANGE_MISMATCH|BAD_RESPONSE/),
    });
  });
});

it("F12: a tar whose bytes are changed at random opens as it was or is one of our errors, quickly", async () => {
  const whole = buildTar([pax({ path: "grün", mtime: "1.5" }), HELLO, gnuLong("long"), WORLD]);
  let seed = 12;
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let run = 0; run < 500; run++) {
    const mutant = whole.slice();
    for (let change = 0; change <= random(3); change++) mutant[random(mutant.length)] = random(256);
    const tar = await openTar(recordedSource(mutant, "x.tar")).catch((error: { code?: string }) => {
      expect(["FORMAT", "AMBIGUOUS", "LIMIT"]).toContain(error.code);
    });
    for (const entry of tar?.entries ?? []) {
      const bytes = await entry.bytes().catch((error: { code?: string }) => error.code);
      if (bytes instanceof Uint8Array) expect(bytes.length).toBe(entry.size);
      else expect(["UNSUPPORTED", "FORMAT"]).toContain(bytes);
    }
  }
});
