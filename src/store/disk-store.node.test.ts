import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { BlockStore } from "../source/source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { diskStore } from "./disk-store.node.ts";

const root = mkdtempSync(join(tmpdir(), "range-streams-disk-"));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

let count = 0;
const fresh = (): string => join(root, `store-${count++}`);
const block = (seed: number, length = 66_000) => patternBytes(length, seed);
const mode = (path: string): number => statSync(path).mode & 0o777;
const filesOf = (directory: string): string[] => readdirSync(directory).map((name) => join(directory, name));
const bytesOnDisk = (directory: string): number =>
  filesOf(directory).reduce((sum, path) => sum + statSync(path).blocks * 512, 0);

/** Compared at native speed. */
async function expectBlock(store: BlockStore, key: string, wanted: Uint8Array): Promise<void> {
  const got = await store.get(key);
  expect(got?.byteLength).toBe(wanted.byteLength);
  expect(Buffer.compare(got ?? new Uint8Array(), wanted)).toBe(0);
}

/** A store with 20 blocks and a long value, and what must be there: nothing, or exactly these. */
async function filled(directory: string): Promise<Map<string, Uint8Array>> {
  const values = new Map<string, Uint8Array>();
  for (let n = 0; n < 20; n++) values.set(`file/${n * 30}`, block(n, 60_000 + n * 400));
  values.set("long", block(99, 300_000));
  const store = diskStore(directory);
  for (const [key, value] of values) await store.set(key, value.slice());
  return values;
}

/** How many values are there; none may be another than it was. */
async function countWhole(directory: string, values: Map<string, Uint8Array>): Promise<number> {
  const store = diskStore(directory);
  let whole = 0;
  for (const [key, value] of values) {
    const got = await store.get(key);
    if (got === undefined) continue;
    expect(Buffer.compare(got, value)).toBe(0);
    whole++;
  }
  return whole;
}

describe("a disk store", () => {
  it("223. makes its directory private, parents included, and its files too, whatever the umask", async () => {
    const parent = fresh();
    const before = process.umask(0);
    try {
      await filled(join(parent, "a/b"));
    } finally {
      process.umask(before);
    }
    expect([parent, join(parent, "a"), join(parent, "a/b")].map(mode)).toEqual([0o700, 0o700, 0o700]);
    expect(new Set(filesOf(join(parent, "a/b")).map(mode))).toEqual(new Set([0o600]));
  });

  it("takes holes for what they are: few blocks of a huge file take little room", async () => {
    const directory = fresh();
    const store = diskStore(directory);
    for (const n of [0, 255, 10_000, 160_000_000]) await store.set(`huge/${n}`, block(n));
    expect(bytesOnDisk(directory)).toBeLessThan(4 * 100_000);
    await expectBlock(store, "huge/160000000", block(160_000_000));
  });

  it("shows nothing of keys in the names of its files", async () => {
    const directory = fresh();
    await diskStore(directory).set("https://example.com/secret/7", block(1));
    expect(readdirSync(directory)).toEqual([expect.stringMatching(/^[0-9a-f]{40}\.blocks$/)]);
  });

  it("takes a file: URL, and refuses what is no directory or no limit", async () => {
    const directory = fresh();
    await diskStore(pathToFileURL(directory)).set("a", block(1));
    await expectBlock(diskStore(directory), "a", block(1));
    for (const bad of ["", "a\0b", new URL("https://example.com/"), undefined as never])
      expect(() => diskStore(bad)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    for (const maxBytes of [0, -1, Number.NaN, "1" as never])
      expect(() => diskStore(directory, { maxBytes })).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("goes on when its directory was removed meanwhile", async () => {
    const directory = fresh();
    const store = diskStore(directory);
    await store.set("a/1", block(1));
    rmSync(directory, { recursive: true });
    expect(await store.get("a/1")).toBeUndefined();
    await store.set("a/1", block(2));
    await expectBlock(store, "a/1", block(2));
  });
});

describe("a disk store never gives damaged bytes:", () => {
  it("224. any byte changed, in an index or in a value, costs at most the values it belongs to", async () => {
    const directory = fresh();
    const values = await filled(directory);
    const seen: number[] = [];
    for (const path of filesOf(directory)) {
      const size = statSync(path).size;
      // Through header and index, then through the slots and the holes between them.
      const places = Array.from({ length: 30 }, (_, index) => index * 193);
      for (let at = 8192; at < size; at += Math.ceil(size / 10)) places.push(at);
      const file = openSync(path, "r+");
      for (const at of places.filter((place) => place < size)) {
        const good = Buffer.alloc(1);
        readSync(file, good, 0, 1, at);
        writeSync(file, Buffer.of((good[0] ?? 0) ^ 0x10), 0, 1, at);
        seen.push(await countWhole(directory, values));
        writeSync(file, good, 0, 1, at);
      }
      closeSync(file);
    }
    expect(await countWhole(directory, values)).toBe(values.size);
    // Some changes hit holes, some an entry or a value, some the header of all.
    expect(new Set(seen).size).toBeGreaterThan(2);
    expect(Math.max(...seen)).toBe(values.size);
  });

  it("files cut short, emptied, filled with noise or exchanged give what is still whole, and heal when written to", async () => {
    for (const spoil of [
      (paths: string[]) => paths.forEach((path) => truncateSync(path, 100_000)),
      (paths: string[]) => paths.forEach((path) => truncateSync(path, 30)),
      (paths: string[]) => paths.forEach((path) => truncateSync(path, 0)),
      (paths: string[]) => paths.forEach((path) => writeFileSync(path, block(5, 500_000))),
      (paths: string[]) => paths.forEach((path) => writeFileSync(path, "x")),
      (paths: string[]) => {
        const [first, ...rest] = paths.map((path) => readFileSync(path));
        for (const [index, bytes] of [...rest, first].entries())
          writeFileSync(paths[index] ?? "", bytes ?? "");
      },
    ]) {
      const directory = fresh();
      const values = await filled(directory);
      spoil(filesOf(directory));
      expect(await countWhole(directory, values)).toBeLessThan(values.size);
      const store = diskStore(directory);
      for (const [key, value] of values) await store.set(key, new Uint8Array(value));
      expect(await countWhole(directory, values)).toBe(values.size);
    }
  });

  it("links, directories and pipes under its names are not followed, not waited for, and replaced", async () => {
    const outside = join(root, "outside");
    for (const plant of [
      (path: string) => symlinkSync(outside, path),
      (path: string) => execFileSync("sh", ["-c", 'mkfifo "$0"', path]),
    ]) {
      const directory = fresh();
      const values = await filled(directory);
      writeFileSync(outside, "precious");
      for (const path of filesOf(directory)) {
        rmSync(path);
        plant(path);
      }
      expect(await countWhole(directory, values)).toBe(0);
      const store = diskStore(directory);
      for (const [key, value] of values) await store.set(key, new Uint8Array(value));
      expect(await countWhole(directory, values)).toBe(values.size);
      expect(readFileSync(outside, "utf8")).toBe("precious");
      expect(filesOf(directory).every((path) => lstatSync(path).isFile())).toBe(true);
    }
    const directory = fresh();
    const values = await filled(directory);
    for (const path of filesOf(directory)) {
      rmSync(path);
      mkdirSync(path);
    }
    expect(await countWhole(directory, values)).toBe(0);
    await expect(diskStore(directory).set("file/0", block(0))).rejects.toThrow();
  });
});

describe("a disk store that is not alone in its directory", () => {
  it("leaves foreign files alone", async () => {
    const directory = fresh();
    mkdirSync(directory);
    const names = ["notes.txt", "a.blocks", `${"f".repeat(40)}.blocks.bak`, ".hidden"];
    for (const name of names) writeFileSync(join(directory, name), block(7, 100_000));
    const store = diskStore(directory, { maxBytes: 200_000 });
    for (let n = 0; n < 10; n++) await store.set(`other-${n}/0`, block(n));
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(names));
  });

  it("makes an existing directory private where it holds nothing else", async () => {
    const directory = fresh();
    mkdirSync(directory);
    chmodSync(directory, 0o777);
    await diskStore(directory).set("a", block(1));
    expect(mode(directory)).toBe(0o700);
  });

  it("leaves the mode of one that holds other things, and refuses it where others can write", async () => {
    const directory = fresh();
    mkdirSync(directory);
    writeFileSync(join(directory, "notes.txt"), "");
    chmodSync(directory, 0o755);
    await diskStore(directory).set("a", block(1));
    expect(mode(directory)).toBe(0o755);
    chmodSync(directory, 0o775);
    const refused = { code: "INVALID_ARGUMENT", message: expect.stringContaining("other users can write") };
    await expect(diskStore(directory).get("a")).rejects.toMatchObject(refused);
    await expect(diskStore(directory).set("a", block(2))).rejects.toMatchObject(refused);
    await expect(diskStore(directory).delete("a")).rejects.toMatchObject(refused);
    chmodSync(directory, 0o755);
    await expectBlock(diskStore(directory), "a", block(1));
  });

  it("never changes a directory for all, though it be empty", async () => {
    const directory = fresh();
    mkdirSync(directory);
    chmodSync(directory, 0o1777);
    await expect(diskStore(directory).get("a")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(mode(directory)).toBe(0o777);
  });

  it("refuses a directory of another user's, and another user's link", async () => {
    const directory = fresh();
    mkdirSync(directory, { mode: 0o700 });
    const link = fresh();
    symlinkSync(directory, link);
    await diskStore(link).set("a", block(1));
    await expectBlock(diskStore(directory), "a", block(1));
    // Root may give things away; anybody else can only pretend to be another.
    if (process.getuid?.() === 0) chownSync(directory, 4242, 4242);
    else vi.spyOn(process as { getuid(): number }, "getuid").mockReturnValue(4242);
    for (const path of [directory, link]) {
      await expect(diskStore(path).get("a")).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("another user"),
      });
    }
  });

  it("rejects where there is a file instead of a directory", async () => {
    const path = fresh();
    writeFileSync(path, "");
    await expect(diskStore(path).get("a")).rejects.toMatchObject({ code: "EEXIST" });
    await expect(diskStore(join(path, "below")).set("a", block(1))).rejects.toMatchObject({
      code: "ENOTDIR",
    });
  });
});

describe("the limit of a disk store", () => {
  const age = (directory: string, seconds: number): void => {
    const then = new Date(Date.now() - seconds * 1000);
    for (const path of filesOf(directory)) utimesSync(path, then, then);
  };

  it("holds after every write, and the identities used least recently go first", async () => {
    const directory = fresh();
    const maxBytes = 1_000_000;
    const store = diskStore(directory, { maxBytes });
    for (let n = 0; n < 8; n++) {
      await store.set(`identity-${n}/5`, block(n));
      expect(bytesOnDisk(directory)).toBeLessThanOrEqual(maxBytes);
    }
    age(directory, 100);
    const next = diskStore(directory, { maxBytes });
    await expectBlock(next, "identity-0/5", block(0));
    for (let n = 8; n < 16; n++) {
      await next.set(`identity-${n}/5`, block(n));
      expect(bytesOnDisk(directory)).toBeLessThanOrEqual(maxBytes);
    }
    await expectBlock(next, "identity-0/5", block(0));
    for (let n = 8; n < 16; n++) await expectBlock(next, `identity-${n}/5`, block(n));
    const old = [1, 2, 3, 4, 5, 6, 7].map(async (n) => next.get(`identity-${n}/5`));
    expect((await Promise.all(old)).filter((value) => value === undefined).length).toBeGreaterThan(2);
  });

  it("holds for long values, of which one that is larger than all of it is not kept", async () => {
    const directory = fresh();
    const maxBytes = 1_000_000;
    const store = diskStore(directory, { maxBytes });
    for (let n = 0; n < 12; n++) {
      await store.set(`long-${n}`, block(n, 200_000));
      expect(bytesOnDisk(directory)).toBeLessThanOrEqual(maxBytes);
    }
    await expectBlock(store, "long-11", block(11, 200_000));
    await store.set("long-11", block(12, maxBytes + 1));
    expect(await store.get("long-11")).toBeUndefined();
  });

  it("holds within one huge file, of which the part used last stays", async () => {
    const directory = fresh();
    const maxBytes = 20 * 70_000;
    const store = diskStore(directory, { maxBytes });
    for (let n = 0; n < 60; n++) {
      await store.set(`huge/${n * 100}`, block(n));
      expect(bytesOnDisk(directory)).toBeLessThanOrEqual(maxBytes);
    }
    await expectBlock(store, "huge/5900", block(59));
    expect(await store.get("huge/0")).toBeUndefined();
  });

  it("is enforced by whoever writes first under a lower one, and sweeps up what writers left unfinished", async () => {
    const directory = fresh();
    await filled(directory);
    const left = join(directory, `${"0".repeat(40)}.${"1".repeat(16)}.tmp`);
    const young = join(directory, `${"0".repeat(40)}.${"2".repeat(16)}.tmp`);
    writeFileSync(left, "half");
    age(directory, 2 * 60 * 60);
    writeFileSync(young, "half");
    await diskStore(directory, { maxBytes: 500_000 }).set("new/0", block(1));
    expect(bytesOnDisk(directory)).toBeLessThanOrEqual(500_000);
    expect([existsSync(left), existsSync(young)]).toEqual([false, true]);
    await expectBlock(diskStore(directory), "new/0", block(1));
  });

  it("lets no file with a date from the future outlive the others", async () => {
    const directory = fresh();
    await diskStore(directory).set("future/0", block(1));
    age(directory, -1_000_000);
    const store = diskStore(directory, { maxBytes: 200_000 });
    for (let n = 0; n < 3; n++) await store.set(`now-${n}/0`, block(n));
    expect(await store.get("future/0")).toBeUndefined();
    await expectBlock(store, "now-2/0", block(2));
  });
});
