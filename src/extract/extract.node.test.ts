import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { type BlockSpec, buildTar } from "../../test/tar/build-tar.ts";
import { buildZip, type MemberSpec, text } from "../../test/zip/build-zip.ts";
import { recordedSource } from "../../test/zip/recorded-source.ts";
import type { Archive } from "../codecs/archive.ts";
import { openTar } from "../codecs/tar/open-tar.ts";
import { openZip } from "../codecs/zip/open-zip.ts";
import { RangeStreamsError } from "../errors.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { extract } from "./extract.node.ts";
import type { ExtractProgress } from "./extract-options.ts";

const SYMLINK = 0xa1ff0000;
const BIG = patternBytes(3_000_000, 9);

let folder: string;
let to: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-extract-"));
  to = join(folder, "to");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const zipOf = (...members: MemberSpec[]): Promise<Archive> => openZip(recordedSource(buildZip(members)));
const tarOf = (...parts: BlockSpec[]): Promise<Archive> => openTar(recordedSource(buildTar(parts), "x.tar"));

/** Every path below a directory, links not followed. */
async function tree(path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true })).sort();
}

/** The same again of an archive that was opened anew. */
async function reopened(
  open: () => Promise<Archive>,
  options: Parameters<typeof extract>[2] = {},
): Promise<unknown> {
  return extract(await open(), to, options).catch((error: { code?: string }) => error.code ?? error);
}

describe.each(["zip", "tar", "tar.gz"])("extracting a %s", (kind) => {
  const open = async (): Promise<Archive> => {
    if (kind === "zip") {
      return zipOf(
        { name: "docs/", externalAttributes: 0o40750 * 65536 },
        { name: "docs/a.txt", data: text("alpha"), method: 8 },
        { name: "run.sh", data: text("#!"), externalAttributes: 0o104755 * 65536 },
        { name: "deep/er/big.bin", data: BIG, method: 8 },
        { name: "empty" },
      );
    }
    const bytes = buildTar([
      { name: "docs/", type: "5", mode: 0o750 },
      { name: "docs/a.txt", data: "alpha" },
      { name: "run.sh", data: "#!", mode: 0o4755 },
      { name: "deep/er/big.bin", data: BIG },
      { name: "empty" },
    ]);
    return openTar(recordedSource(kind === "tar" ? bytes : new Uint8Array(gzipSync(bytes)), kind));
  };
  const TREE = ["deep", "deep/er", "deep/er/big.bin", "docs", "docs/a.txt", "empty", "run.sh"];

  it("writes every file, byte for byte, and folders, modes and dates", async () => {
    const archive = await open();
    const result = await extract(archive, to);
    expect(result).toEqual({
      files: 4,
      directories: 3,
      links: 0,
      kept: 0,
      bytes: BIG.length + 7,
      skipped: [],
    });
    expect(await tree(to)).toEqual(TREE);
    expect(await readFile(join(to, "docs/a.txt"), "utf8")).toBe("alpha");
    expectSameBytes(await readFile(join(to, "deep/er/big.bin")), BIG);
    const umask = process.umask();
    const { mode, mtime } = await stat(join(to, "run.sh"));
    expect([mode & 0o7777, mtime]).toEqual([0o755 & ~umask, archive.get("run.sh").modified]);
    const docs = await stat(join(to, "docs"));
    expect([docs.mode & 0o7777, docs.mtime]).toEqual([0o750 & ~umask, archive.get("docs/").modified]);
  });

  it("tells how far it is, up to the end", async () => {
    const told: ExtractProgress[] = [];
    await extract(await open(), to, { onProgress: (progress) => told.push(progress) });
    expect(told.at(-1)).toMatchObject({
      bytes: BIG.length + 7,
      totalBytes: BIG.length + 7,
      files: 4,
      totalFiles: 4,
    });
    const bytes = told.map((progress) => progress.bytes);
    expect(bytes).toEqual([...bytes].sort((one, other) => one - other));
    expect(told.length).toBeGreaterThan(8);
  });

  it("writes what a filter chooses, and the folders that it lies in", async () => {
    const result = await extract(await open(), to, { filter: ({ name }) => name === "docs/a.txt" });
    expect(result).toMatchObject({ files: 1, directories: 1 });
    expect(await tree(to)).toEqual(["docs", "docs/a.txt"]);
  });

  it("ends with an abort, leaves no partial file, and goes on from there", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const onProgress = ({ entry, bytes }: ExtractProgress): void => {
      if (entry.name === "deep/er/big.bin" && bytes > 100_000) controller.abort(reason);
    };
    const run = extract(await open(), to, { signal: controller.signal, onProgress });
    await expect(run).rejects.toBe(reason);
    const left = (await tree(to)).filter((path) => !path.startsWith(".range-streams-"));
    expect(left).toEqual(["deep", "deep/er", "docs", "docs/a.txt", "run.sh"]);
    expect((await tree(to)).some((path) => path.endsWith(".part"))).toBe(false);
    const told: ExtractProgress[] = [];
    const again = await extract(await open(), to, { onProgress: (progress) => told.push(progress) });
    expect(again).toMatchObject({ files: 2, kept: 2, bytes: BIG.length });
    expect(told[0]?.bytes).toBeGreaterThan(7);
    expect(await tree(to)).toEqual(TREE);
    expectSameBytes(await readFile(join(to, "deep/er/big.bin")), BIG);
  });

  it("writes nothing where a file is there that is another, and replaces it where that is asked for", async () => {
    await mkdir(join(to, "deep/er"), { recursive: true });
    await writeFile(join(to, "deep/er/big.bin"), "mine");
    await expect(extract(await open(), to)).rejects.toMatchObject({ code: "EXISTS" });
    expect(await tree(to)).toEqual(["deep", "deep/er", "deep/er/big.bin"]);
    expect(await extract(await open(), to, { overwrite: true })).toMatchObject({ files: 4 });
    expectSameBytes(await readFile(join(to, "deep/er/big.bin")), BIG);
    expect(await tree(to)).toEqual(TREE);
  });

  it("does not take a file of the same size and date for its own", async () => {
    const archive = await open();
    await mkdir(join(to, "docs"), { recursive: true });
    await writeFile(join(to, "docs/a.txt"), "omega");
    const date = archive.get("docs/a.txt").modified ?? 0;
    await utimes(join(to, "docs/a.txt"), date, date);
    await expect(extract(archive, to)).rejects.toMatchObject({ code: "EXISTS" });
    expect(await readFile(join(to, "docs/a.txt"), "utf8")).toBe("omega");
  });

  it("keeps to its limits, before it writes", async () => {
    await expect(extract(await open(), to, { maxBytes: BIG.length + 6 })).rejects.toMatchObject({
      code: "LIMIT",
    });
    await expect(extract(await open(), to, { maxEntries: 6 })).rejects.toMatchObject({ code: "LIMIT" });
    expect(await readdir(folder)).toEqual([]);
    expect(
      await extract(await open(), to, { maxBytes: BIG.length + 7, maxEntries: 7, sync: true }),
    ).toMatchObject({ files: 4 });
  });

  it.each(["none", "folder"])(
    "refuses what is no folder, or has a folder where a file is to be: %s",
    async (what) => {
      if (what === "none") await writeFile(to, "x");
      else await mkdir(join(to, "run.sh"), { recursive: true });
      expect(await reopened(open)).toBe("EXISTS");
      expect(await reopened(open, { overwrite: true })).toBe("EXISTS");
      expect(what === "none" ? await readdir(folder) : await tree(to)).toEqual([
        what === "none" ? "to" : "run.sh",
      ]);
    },
  );
});

it("does not advise overwriting where that is what was asked for", async () => {
  await mkdir(join(to, "a"), { recursive: true });
  const zip = await zipOf({ name: "a", data: text("a") });
  const messageOf = (overwrite: boolean): Promise<unknown> =>
    extract(zip, to, { overwrite }).catch(({ message }: Error) => message);
  expect([await messageOf(false), await messageOf(true)]).toEqual([
    expect.stringMatching(/overwrite replaces files$/),
    expect.stringMatching(/by such alone: move away what is there$/),
  ]);
});

describe("extracting again", () => {
  it("finds all of a zip complete by its checksums, and reads nothing", async () => {
    const source = recordedSource(
      buildZip([
        { name: "a", data: BIG },
        { name: "b", data: text("b") },
      ]),
    );
    await extract(await openZip(source), to);
    const archive = await openZip(source);
    const before = source.asked.length;
    expect(await extract(archive, to)).toMatchObject({ files: 0, kept: 2, bytes: 0 });
    expect(source.asked.length).toBe(before);
  });

  it("believes its notes for one representation of the archive alone", async () => {
    const bytes = buildTar([
      { name: "a", data: "abc" },
      { name: "big", data: BIG },
    ]);
    const interrupted = async (archive: Archive): Promise<void> => {
      const controller = new AbortController();
      const onProgress = ({ entry }: ExtractProgress): void => {
        if (entry.name === "big") controller.abort(new Error("enough"));
      };
      await expect(extract(archive, to, { signal: controller.signal, onProgress })).rejects.toThrow("enough");
    };
    await interrupted(await openTar(recordedSource(bytes)));
    const weak = { ...recordedSource(bytes), identity: { strength: "weak", etag: 'W/"2"' } as const };
    await expect(extract(await openTar(weak), to)).rejects.toMatchObject({ code: "EXISTS" });
    expect(await extract(await openTar(recordedSource(bytes)), to)).toMatchObject({ kept: 1, files: 1 });
    expect(await tree(to)).toEqual(["a", "big"]);
    // Bytes in memory have no identity: nothing is noted, and nothing is left.
    await rm(to, { recursive: true });
    await interrupted(await openTar(bytes));
    expect(await tree(to)).toEqual(["a"]);
  });

  it.each(["zip", "tar"])(
    "dates the folders that an interrupted run made, and no others: %s",
    async (kind) => {
      const members = [
        { name: "mine/" },
        { name: "d/" },
        { name: "d/e/" },
        { name: "d/e/a", data: text("a") },
      ];
      const big = { name: "d/big", data: BIG };
      const parts = members.map(({ name, data }) => ({
        name,
        ...(data === undefined ? { type: "5" } : { data }),
      }));
      const open = (): Promise<Archive> => (kind === "zip" ? zipOf(...members, big) : tarOf(...parts, big));
      await mkdir(join(to, "mine"), { recursive: true });
      for (let run = 0; run < 2; run++) {
        const controller = new AbortController();
        const onProgress = ({ entry }: ExtractProgress): void => {
          if (entry.name === "d/big") controller.abort(new Error("enough"));
        };
        const interrupted = extract(await open(), to, { signal: controller.signal, onProgress });
        await expect(interrupted).rejects.toThrow("enough");
      }
      const archive = await open();
      expect(await extract(archive, to)).toMatchObject({ files: 1, kept: 1, directories: 0 });
      for (const name of ["d", "d/e"])
        expect([name, (await stat(join(to, name))).mtime]).toEqual([name, archive.get(`${name}/`).modified]);
      expect((await stat(join(to, "mine"))).mtime).not.toEqual(archive.get("mine/").modified);
      expect(await readdir(to)).toEqual(["d", "mine"]);
    },
  );

  it("writes a file anew that was changed after it was noted", async () => {
    const open = (): Promise<Archive> => tarOf({ name: "a", data: "abc" }, { name: "big", data: BIG });
    const controller = new AbortController();
    const onProgress = ({ entry }: ExtractProgress): void => {
      if (entry.name === "big") controller.abort(new Error("enough"));
    };
    await expect(extract(await open(), to, { signal: controller.signal, onProgress })).rejects.toThrow(
      "enough",
    );
    await writeFile(join(to, "a"), "xyz");
    expect(await reopened(open)).toBe("EXISTS");
    expect(await reopened(open, { overwrite: true })).toMatchObject({ files: 2, kept: 0 });
  });
});

describe("links", () => {
  it("are left out by default, with a reason", async () => {
    const zip = await zipOf({ name: "l", data: text("a"), externalAttributes: SYMLINK }, { name: "a" });
    const { skipped, links } = await extract(zip, to);
    expect([skipped, links]).toEqual([[{ name: "l", reason: expect.stringContaining("symlink") }], 0]);
    expect(await tree(to)).toEqual(["a"]);
  });

  it("are made where they are asked for, and kept the next time", async () => {
    const open = (): Promise<Archive> =>
      zipOf(
        { name: "lib/l.so", data: text("l.so.1"), externalAttributes: SYMLINK },
        { name: "lib/l.so.1", data: text("code") },
        { name: "up", data: text("lib/l.so"), externalAttributes: SYMLINK },
      );
    expect(await extract(await open(), to, { links: true })).toMatchObject({
      files: 1,
      links: 2,
      skipped: [],
    });
    expect(await readlink(join(to, "lib/l.so"))).toBe("l.so.1");
    expect(await readFile(join(to, "up"), "utf8")).toBe("code");
    expect(await extract(await open(), to, { links: true })).toMatchObject({ files: 0, links: 0, kept: 3 });
    await rm(join(to, "up"));
    await symlink("elsewhere", join(to, "up"));
    expect(await reopened(open, { links: true })).toBe("EXISTS");
    expect(await reopened(open, { links: true, overwrite: true })).toMatchObject({ links: 1 });
    expect(await readlink(join(to, "up"))).toBe("lib/l.so");
  });

  it("of a zip that are no text, or too long, are unsafe", async () => {
    const zip = await zipOf(
      { name: "l", data: Uint8Array.of(0xff), externalAttributes: SYMLINK },
      { name: "m", data: new Uint8Array(5000).fill(97), externalAttributes: SYMLINK },
    );
    await expect(extract(zip, to, { links: true })).rejects.toMatchObject({ code: "UNSAFE_PATH" });
    const { skipped } = await extract(zip, to, { links: true, skipUnsafe: true });
    expect(skipped.map(({ name }) => name)).toEqual(["l", "m"]);
  });

  it("that are hard become files of their own", async () => {
    const open = (): Promise<Archive> =>
      tarOf({ name: "a", data: "abc", mode: 0o755 }, { name: "d/b", type: "1", linkName: "a", mode: 0o755 });
    expect(await extract(await open(), to)).toMatchObject({ files: 2, bytes: 6 });
    await writeFile(join(to, "a"), "changed");
    expect(await readFile(join(to, "d/b"), "utf8")).toBe("abc");
    expect((await stat(join(to, "d/b"))).mode & 0o111).toBe(0o111 & ~process.umask());
    await rm(to, { recursive: true });
    expect(await extract(await open(), to, { filter: ({ name }) => name === "d/b" })).toMatchObject({
      files: 1,
    });
    expect(await readFile(join(to, "d/b"), "utf8")).toBe("abc");
  });
});

describe("what it refuses", () => {
  it("names unsafe entries, and leaves them out where that is asked for", async () => {
    const zip = await zipOf({ name: "a" }, { name: "../x" }, { name: "b" }, { name: "b" });
    await expect(extract(zip, to)).rejects.toMatchObject({
      code: "UNSAFE_PATH",
      message: expect.stringContaining('"../x" (a path that climbs out (..)), "b" ('),
    });
    expect(await readdir(folder)).toEqual([]);
    const { skipped, files } = await extract(zip, to, { skipUnsafe: true });
    expect([files, skipped.map(({ name }) => name)]).toEqual([2, ["../x", "b"]]);
    expect([await tree(to), await readdir(folder)]).toEqual([["a", "b"], ["to"]]);
  });

  it("a member that cannot be read at all, before any file is written", async () => {
    const zip = await zipOf({ name: "a", data: text("a") }, { name: "secret", flags: 0x801 });
    await expect(extract(zip, to)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(await tree(folder)).toEqual([]);
  });

  it.each([5, BIG.length])(
    "an archive that changed, before a directory is made: %i bytes",
    async (length) => {
      const data = BIG.subarray(0, length);
      const source = recordedSource(
        buildZip([
          { name: "d/a", data },
          { name: "filler", data: BIG },
        ]),
      );
      const changed = new RangeStreamsError("CHANGED", "another one by now");
      const index = (await openZip(source)).toIndex();
      const failing = {
        read: () => Promise.reject(changed),
        stream: () => new ReadableStream({ start: (controller) => controller.error(changed) }),
      };
      const zip = await openZip({ ...source, ...failing }, { index });
      await expect(extract(zip, to)).rejects.toBe(changed);
      expect(await tree(folder)).toEqual([]);
    },
  );

  it("a member with wrong bytes, of which nothing is left", async () => {
    const zip = await zipOf(
      { name: "a", data: BIG },
      { name: "wrong", data: BIG, stored: patternBytes(BIG.length, 1) },
    );
    await expect(extract(zip, to)).rejects.toMatchObject({ code: "CHECKSUM" });
    expect(await tree(to)).toEqual(["a"]);
  });

  it.each([
    ["INVALID_ARGUMENT", { names: "mine" }],
    ["INVALID_ARGUMENT", { maxBytes: Number.NaN }],
    ["INVALID_ARGUMENT", { maxEntries: -1 }],
  ] as const)("with %s the options %j", async (code, options) => {
    await expect(extract(await zipOf({ name: "a" }), to, options as object)).rejects.toMatchObject({ code });
  });

  it.runIf(process.platform === "linux")("a path that is too long for this file system", async () => {
    // 4,096 bytes and what ends them are one too many, and the directory takes some of them.
    const deep = `${`${"d".repeat(254)}/`.repeat(16)}e`;
    const zip = await zipOf({ name: "a", data: text("a") }, { name: deep, data: text("e") });
    const filter = ({ name }: { name: string }): boolean => name === "a";
    await expect(extract(zip, to)).rejects.toMatchObject({ code: "UNSAFE_PATH" });
    expect(await readdir(folder)).toEqual([]);
    await extract(zip, to, { filter });
    await expect(extract(zip, to)).rejects.toMatchObject({ code: "UNSAFE_PATH" });
    expect(await tree(to)).toEqual(["a"]);
  });

  it("a directory that is no path, or cannot be made", async () => {
    const zip = await zipOf({ name: "a", data: text("a") });
    const codeFor = (directory: string): Promise<unknown> =>
      extract(zip, directory).catch(({ code }: { code: string }) => code);
    expect([await codeFor(""), await codeFor(`${to}\0x`)]).toEqual(["INVALID_ARGUMENT", "INVALID_ARGUMENT"]);
    await symlink("nowhere", to);
    expect(await codeFor(to)).toBe("EXISTS");
    // Takes no new folder, and says so with ENOENT.
    if (process.platform === "linux") expect(await codeFor("/proc/a/b")).toBe("UNSUPPORTED");
    expect(await readdir(folder)).toEqual(["to"]);
  });

  it("an abort that came before", async () => {
    const reason = new Error("enough");
    const run = extract(await zipOf({ name: "a" }), to, { signal: AbortSignal.abort(reason) });
    await expect(run).rejects.toBe(reason);
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes names of this file system alone where it is told to", async () => {
    const zip = await zipOf({ name: "aux.c", data: text("1") }, { name: "File::Copy.3" }, { name: "etc." });
    await expect(extract(zip, to)).rejects.toMatchObject({ code: "UNSAFE_PATH" });
    if (process.platform === "win32") return;
    expect(await extract(zip, to, { names: "local" })).toMatchObject({ files: 3 });
  });
});
