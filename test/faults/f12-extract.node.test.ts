import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Archive } from "../../src/archive.ts";
import { type ExtractOptions, type ExtractProgress, type ExtractResult, extract } from "../../src/node.ts";
import { openTar } from "../../src/tar.ts";
import { patternBytes } from "../../src/testing.ts";
import { openZip } from "../../src/zip.ts";
import { type BlockSpec, buildTar } from "../tar/build-tar.ts";
import { buildZip, type MemberSpec, text } from "../zip/build-zip.ts";
import { recordedSource } from "../zip/recorded-source.ts";

const SYMLINK = 0xa1ff0000;
const BIG = patternBytes(3_000_000, 1);

/** Everything that is written must lie in `to`; beside it there is a file that must stay as it is. */
let outside: string;
let to: string;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), "range-streams-outside-"));
  to = join(outside, "to");
  await writeFile(join(outside, "x"), "untouched");
});
afterEach(async () => {
  expect(await readFile(join(outside, "x"), "utf8")).toBe("untouched");
  expect((await readdir(outside)).filter((name) => !["x", "to", "elsewhere"].includes(name))).toEqual([]);
  await rm(outside, { recursive: true });
});

const zip = (...members: MemberSpec[]): Promise<Archive> => openZip(recordedSource(buildZip(members)));
const tar = (...parts: BlockSpec[]): Promise<Archive> => openTar(recordedSource(buildTar(parts), "x.tar"));

async function outcome(archive: Archive, options?: ExtractOptions): Promise<unknown> {
  return extract(archive, to, options).then(
    ({ skipped }) => skipped.map(({ name }) => name),
    (error: { code?: unknown }) => error.code ?? error,
  );
}

/** Refused as a whole, and nothing made; then, left out, the one that is fine is written. */
async function expectUnsafe(
  archive: Archive,
  names: readonly string[],
  options: ExtractOptions = {},
): Promise<void> {
  expect(await outcome(archive, options)).toBe("UNSAFE_PATH");
  expect(await readdir(outside)).not.toContain("to");
  expect(await outcome(archive, { ...options, skipUnsafe: true })).toEqual(names);
}

/** Aborts an extraction when the first bytes of a large member have been written. */
async function interrupt(archive: Archive, name: string): Promise<void> {
  const controller = new AbortController();
  const onProgress = ({ entry }: ExtractProgress): void => {
    if (entry.name === name) controller.abort(new Error("enough"));
  };
  await expect(extract(archive, to, { signal: controller.signal, onProgress })).rejects.toThrow("enough");
}

const tree = async (): Promise<string[]> => (await readdir(to, { recursive: true })).sort();

describe("F11: zip, extracted", () => {
  it.each([
    "../x",
    "/x",
    "C:\\x",
    "C:x",
    "\\\\srv\\x",
    "a/../../x",
    "..\\x",
    "a\\b",
    "./a/b",
    "a//b",
    "",
    ".",
    "trailing.",
    "trailing ",
    "trailing. /x",
    "CON",
    "lib/Nul.txt",
    "a:stream",
    "nul\0",
    "\u001b[31m\u0007",
    "\u202ex",
    "a\nb",
    "n".repeat(4096),
    "../../../../../../../../tmp/x",
    "a/..",
  ])("183. the name %j is UNSAFE_PATH, and nothing is written outside", async (name) => {
    await expectUnsafe(await zip({ name: "fine", data: text("f") }, { name, data: text("evil") }), [name]);
    expect(await tree()).toEqual(["fine"]);
  });

  it("183. a folder of the directory that is a link is UNSAFE_PATH, with overwriting too", async () => {
    await mkdir(join(outside, "elsewhere"));
    await mkdir(to);
    await symlink("../elsewhere", join(to, "folder"));
    const archive = await zip({ name: "folder/a", data: text("evil") });
    expect(await outcome(archive)).toBe("UNSAFE_PATH");
    expect(await outcome(archive, { overwrite: true, skipUnsafe: true })).toBe("UNSAFE_PATH");
    expect(await readdir(join(outside, "elsewhere"))).toEqual([]);
  });

  it("184. a file through a symlink of the archive is UNSAFE_PATH, whether links are made or not", async () => {
    const archive = await zip(
      { name: "fine" },
      { name: "link", data: text(".."), externalAttributes: SYMLINK },
      { name: "link/x", data: text("evil") },
    );
    await expectUnsafe(archive, ["link/x", "link"]);
    await rm(to, { recursive: true });
    await expectUnsafe(archive, ["link", "link/x"], { links: true });
    expect(await tree()).toEqual(["fine"]);
  });

  it("184. symlinks are not made by default; where they are, only inside, last, and never followed", async () => {
    const member = (name: string, target: string): MemberSpec => ({
      name,
      data: text(target),
      externalAttributes: SYMLINK,
    });
    const good = [member("one", "sub/file"), member("sub/two", "../one"), member("loop", "loop")];
    const all = [...good, { name: "sub/file", data: text("f") }];
    expect(await outcome(await zip(...all))).toEqual(["one", "sub/two", "loop"]);
    expect(await tree()).toEqual(["sub", "sub/file"]);
    expect(await outcome(await zip(...all), { links: true })).toEqual([]);
    expect(await readlink(join(to, "sub/two"))).toBe("../one");
    expect(await readFile(join(to, "sub/two"), "utf8")).toBe("f");
    await rm(to, { recursive: true });
    const bad = ["/etc/passwd", "../x", "sub/../../x", "C:/x", "..\\x", ".."];
    const members = bad.map((target, index) => member(`l${index}`, target));
    await expectUnsafe(
      await zip({ name: "fine" }, ...members),
      members.map(({ name }) => `${name}`),
      { links: true },
    );
    expect(await tree()).toEqual(["fine"]);
  });

  it("184. a link that leads through one of the directory's own is UNSAFE_PATH", async () => {
    await mkdir(to);
    await symlink("..", join(to, "up"));
    const archive = await zip({ name: "link", data: text("up/x"), externalAttributes: SYMLINK });
    expect(await outcome(archive, { links: true })).toBe("UNSAFE_PATH");
    expect(await readdir(to)).toEqual(["up"]);
  });

  it("184. links through which another would climb out are UNSAFE_PATH", async () => {
    const archive = await zip(
      { name: "a/b/root", data: text("../.."), externalAttributes: SYMLINK },
      { name: "out", data: text("a/b/root/.."), externalAttributes: SYMLINK },
    );
    await expectUnsafe(archive, ["out"], { links: true });
    expect(await readlink(join(to, "a/b/root"))).toBe("../..");
  });

  it.each([
    [["a", "a"], ["a"]],
    [["A", "a"], ["a"]],
    [["\u00e9", "e\u0301"], ["e\u0301"]],
    [["\u00df", "ss"], ["ss"]],
    [["dir", "dir/"], ["dir/"]],
    [["dir", "dir/x"], ["dir/x"]],
    [["Dir/a", "dir/b"], ["dir/b"]],
  ])("185. names that are one on some file system are UNSAFE_PATH: %j", async (names, skipped) => {
    const members = names.map((name, index) => ({
      name,
      ...(name.endsWith("/") ? {} : { data: text(`${index}`) }),
    }));
    await expectUnsafe(await zip(...members), skipped);
    expect(await readFile(join(to, names[0] ?? ""), "utf8")).toBe("0");
  });

  it("185. a folder with data is UNSAFE_PATH", async () => {
    await expectUnsafe(await zip({ name: "fine" }, { name: "dir/", data: text("x") }), ["dir/"]);
  });

  it("187. set-uid, set-gid and sticky are not given", async () => {
    await extract(await zip({ name: "run", externalAttributes: 0o107755 * 65536 }), to);
    expect((await stat(join(to, "run"))).mode & 0o7777).toBe(0o755 & ~process.umask());
  });

  it("189. an archive in an archive is a file like others", async () => {
    const inner = buildZip([{ name: "../x", data: text("evil") }]);
    await extract(await zip({ name: "inner.zip", data: inner }), to);
    expect(await tree()).toEqual(["inner.zip"]);
  });
});

describe("F12: tar, extracted", () => {
  it.each(["../x", "../../x", "/x", "//x", "C:../../x", "a/../../x", "./../x"])(
    "195. the name %j is UNSAFE_PATH, plain and compressed",
    async (name) => {
      const parts = [{ name: "fine" }, { name, data: "evil" }];
      const gz = recordedSource(new Uint8Array(gzipSync(buildTar(parts))), "x.tar.gz");
      await expectUnsafe(await openTar(gz), [name]);
      await rm(to, { recursive: true });
      await expectUnsafe(await tar(...parts), [name]);
      expect(await tree()).toEqual(["fine"]);
    },
  );

  it.each(["/etc/passwd", "../x", "a/../../x", "C:../../x", ".."])(
    "195. a symlink to %j is UNSAFE_PATH, whether links are made or not",
    async (linkName) => {
      const archive = await tar({ name: "fine" }, { name: "link", type: "2", linkName });
      await expectUnsafe(archive, ["link"]);
      await rm(to, { recursive: true });
      await expectUnsafe(archive, ["link"], { links: true });
      expect(await tree()).toEqual(["fine"]);
    },
  );

  it.each(["../x", "/etc/passwd", "a/../../x", "C:../../x", "none"])(
    "195. a hard link to %j, which is no member before it, is UNSAFE_PATH",
    async (linkName) => {
      await expectUnsafe(await tar({ name: "fine" }, { name: "hard", type: "1", linkName }), ["hard"]);
      expect(await tree()).toEqual(["fine"]);
    },
  );

  it("195. a file through a symlink, by a hard link or a name, is UNSAFE_PATH", async () => {
    const archive = await tar(
      { name: "fine" },
      { name: "link", type: "2", linkName: "fine" },
      { name: "link/x", data: "evil" },
      { name: "hard", type: "1", linkName: "link" },
      { name: "link", data: "evil" },
    );
    await expectUnsafe(archive, ["link/x", "link", "link", "hard"]);
    await rm(to, { recursive: true });
    await expectUnsafe(archive, ["link/x", "link"], { links: true });
    expect([await tree(), await readFile(join(to, "fine"), "utf8")]).toEqual([["fine", "hard", "link"], ""]);
  });

  it("204. devices and pipes are left out, with a reason", async () => {
    const archive = await tar({ name: "null", type: "3" }, { name: "pipe", type: "6" }, { name: "fine" });
    const { skipped, files }: ExtractResult = await extract(archive, to);
    expect(skipped).toEqual([
      { name: "null", reason: expect.stringContaining("device") },
      { name: "pipe", reason: expect.stringContaining("pipe") },
    ]);
    expect([files, await tree()]).toEqual([1, ["fine"]]);
  });
});

describe("F14: what is there already", () => {
  it("219. names like those of an object's own properties are names like others", async () => {
    const names = ["__proto__", "constructor", "toString/valueOf", "hasOwnProperty"];
    await extract(await zip(...names.map((name) => ({ name, data: text(name) }))), to);
    for (const name of names) expect(await readFile(join(to, name), "utf8")).toBe(name);
  });

  it("220. a file, a link and a folder in the way are EXISTS; only files and links are ever replaced", async () => {
    const archive = await zip({ name: "f", data: text("new") }, { name: "l", data: text("new") });
    await mkdir(to);
    await writeFile(join(to, "f"), "old");
    await symlink("../x", join(to, "l"));
    expect(await outcome(archive)).toBe("EXISTS");
    expect(await outcome(archive, { overwrite: true })).toEqual([]);
    expect([await readFile(join(to, "l"), "utf8"), await readFile(join(to, "f"), "utf8")]).toEqual([
      "new",
      "new",
    ]);
    await rm(join(to, "f"));
    await mkdir(join(to, "f"));
    expect(await outcome(archive, { overwrite: true })).toBe("EXISTS");
  });

  it("222. notes of an earlier run that are damaged are not believed", async () => {
    const parts = [
      { name: "a", data: "abc" },
      { name: "b", data: "def" },
      { name: "c", data: BIG },
    ];
    const interrupted = async (): Promise<string> => {
      await interrupt(await tar(...parts), "c");
      const [folder = ""] = (await readdir(to)).filter((name) => name.startsWith(".range-streams-"));
      return join(to, folder, "finished");
    };
    const notes = await interrupted();
    const noted = await readFile(notes, "utf8");
    for (const damaged of [
      "",
      "\0\0\0",
      noted.slice(0, 12),
      noted.replaceAll(/\d+\]/g, "7]"),
      '["a"]\n[1,2]\nnull',
    ]) {
      await writeFile(notes, damaged);
      expect(await outcome(await tar(...parts))).toBe("EXISTS");
    }
    // A line that was torn when the run was killed does not take the others with it.
    await writeFile(notes, `${noted}\n["c",3000000,12`);
    expect(await extract(await tar(...parts), to)).toMatchObject({ files: 1, kept: 2 });
    expect(await tree()).toEqual(["a", "b", "c"]);
  });

  it("222. what stands in the place of the private folder is UNSAFE_PATH", async () => {
    const parts = [
      { name: "a", data: "abc" },
      { name: "b", data: BIG },
    ];
    await interrupt(await tar(...parts), "b");
    const [name = ""] = (await readdir(to)).filter((found) => found.startsWith(".range-streams-"));
    await rm(to, { recursive: true });
    await mkdir(join(outside, "elsewhere"));
    await mkdir(to);
    await symlink("../elsewhere", join(to, name));
    expect(await outcome(await tar(...parts))).toBe("UNSAFE_PATH");
    expect(await readdir(join(outside, "elsewhere"))).toEqual([]);
  });
});
