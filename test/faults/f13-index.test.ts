import { describe, expect, it } from "vitest";
import type { ArchiveIndex } from "../../src/codecs/archive.ts";
import { openTar } from "../../src/tar.ts";
import { openZip } from "../../src/zip.ts";
import { startLab } from "../lab/lab.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { recordedSource } from "../zip/recorded-source.ts";

const FILES = {
  "x.zip": buildZip([
    { name: "a.txt", data: text("first"), method: 8 },
    { name: "b.txt", data: text("second") },
  ]),
  "x.tar": buildTar([
    { name: "a.txt", data: text("first") },
    { name: "b.txt", data: text("second") },
  ]),
};
type Name = keyof typeof FILES;
type Json = Record<string, unknown>;

const openers = { "x.zip": openZip, "x.tar": openTar };
const NAMES = Object.keys(FILES) as Name[];

/** The index of a file as someone may have edited it, from JSON to JSON. */
async function edited(
  name: Name,
  edit: (index: Json & { directory: Json; identity: Json }) => void,
): Promise<ArchiveIndex> {
  await using archive = await openers[name](recordedSource(FILES[name], name));
  const index = JSON.parse(JSON.stringify(archive.toIndex()));
  edit(index);
  return index as ArchiveIndex;
}

/** The code of opening from an index and of reading a member, and what was asked for. */
async function codeOf(name: Name, index: ArchiveIndex): Promise<[code: unknown, asked: readonly string[]]> {
  const source = recordedSource(FILES[name], name);
  const read = async (): Promise<unknown> => {
    await using archive = await openers[name](source, { index });
    return (await archive.get("b.txt").text()) === "second" ? "read" : "wrong bytes";
  };
  const code = await read().catch((error: { code?: unknown }) => error.code ?? error);
  return [code, source.asked];
}

/** The zip's directory in its index, one byte at a time. */
function patchDirectory(directory: Json, at: number, values: readonly number[]): void {
  const bytes = Uint8Array.from(atob(String(directory["bytes"])), (character) => character.charCodeAt(0));
  bytes.set(values, at);
  directory["bytes"] = btoa(String.fromCharCode(...bytes));
}

function patchRecord(directory: Json, values: Json): void {
  const records = JSON.parse(String(directory["records"]));
  Object.assign(records[1], values);
  directory["records"] = JSON.stringify(records);
}

const SECOND = 46 + "a.txt".length;
const OUTSIDE = 2 ** 40;

describe("F13: an index that was edited", () => {
  it.each<[string, Name, (index: Json & { directory: Json }) => void]>([
    ["a directory beyond the file", "x.zip", ({ directory }) => void (directory["start"] = OUTSIDE)],
    ["a directory before the file", "x.zip", ({ directory }) => void (directory["start"] = -1)],
    ["a directory at no whole byte", "x.zip", ({ directory }) => void (directory["start"] = 0.5)],
    ["a prefix beyond the directory", "x.zip", ({ directory }) => void (directory["prefix"] = OUTSIDE)],
    ["more entries than there are", "x.zip", ({ directory }) => void (directory["entries"] = 3)],
    ["a directory that is no base64", "x.zip", ({ directory }) => void (directory["bytes"] = "%%%")],
    ["a directory cut short", "x.zip", ({ directory }) => void (directory["bytes"] = "UEs=")],
    [
      "an offset outside",
      "x.zip",
      ({ directory }) => patchDirectory(directory, SECOND + 42, [255, 255, 255, 127]),
    ],
    [
      "a size outside",
      "x.zip",
      ({ directory }) => patchDirectory(directory, SECOND + 20, [255, 255, 255, 127]),
    ],
    ["no size", "x.zip", (index) => void (index["size"] = null)],
    ["no identity", "x.zip", (index) => void (index["identity"] = "strong")],
    [
      "a validator that is no text",
      "x.zip",
      (index) => void (index["identity"] = { strength: "strong", etag: 5 }),
    ],
    ["another format", "x.zip", (index) => void (index["format"] = "tar")],
    ["another version", "x.zip", (index) => void (index["version"] = 2)],
    ["data outside", "x.tar", ({ directory }) => patchRecord(directory, { data: OUTSIDE })],
    [
      "a header outside",
      "x.tar",
      ({ directory }) => patchRecord(directory, { start: OUTSIDE, data: OUTSIDE + 512 }),
    ],
    ["a size outside", "x.tar", ({ directory }) => patchRecord(directory, { storedSize: OUTSIDE })],
    ["a size that is no number", "x.tar", ({ directory }) => patchRecord(directory, { storedSize: "512" })],
    ["a header in another member", "x.tar", ({ directory }) => patchRecord(directory, { start: 0 })],
    ["records that are no JSON", "x.tar", ({ directory }) => void (directory["records"] = "[")],
    ["no record", "x.tar", ({ directory }) => void (directory["records"] = "[null]")],
    ["a size of its own", "x.tar", ({ directory }) => patchRecord(directory, { size: 4096 })],
    ["a mode with more bits", "x.tar", ({ directory }) => patchRecord(directory, { mode: 0o4777 })],
    ["no size of the file", "x.tar", (index) => void (index["size"] = "9")],
    ["no identity of the file", "x.tar", (index) => void (index["identity"] = {})],
    ["another format of the file", "x.tar", (index) => void (index["format"] = "zip")],
  ])("211. with %s (%s) is FORMAT, and nothing is asked for", async (_what, name, edit) => {
    expect(await codeOf(name, await edited(name, edit))).toEqual(["FORMAT", []]);
  });

  it("211. that leads to another member, or measures one anew, is held against the member's own header", async () => {
    const elsewhere = await edited("x.zip", ({ directory }) =>
      patchDirectory(directory, SECOND + 42, [0, 0, 0, 0]),
    );
    expect((await codeOf("x.zip", elsewhere))[0]).toBe("FORMAT");
    const longer = await edited("x.tar", ({ directory }) =>
      patchRecord(directory, { size: 7, storedSize: 7 }),
    );
    expect((await codeOf("x.tar", longer))[0]).toBe("FORMAT");
    const renamed = await edited("x.tar", ({ directory }) => patchRecord(directory, { name: "c.txt" }));
    const source = recordedSource(FILES["x.tar"], "x.tar");
    await using archive = await openTar(source, { index: renamed });
    await expect(archive.get("c.txt").bytes()).rejects.toMatchObject({ code: "FORMAT" });
  });

  it.each(NAMES)("211. whose list for people says other things is not believed in them: %s", async (name) => {
    const index = await edited(name, (json) => {
      const entries = json["entries"] as Json[];
      Object.assign(entries[1] as Json, { name: "../../etc/passwd", range: [0, OUTSIDE], size: OUTSIDE });
      entries.push({ name: "c.txt", range: [0, OUTSIDE] });
    });
    const [code, asked] = await codeOf(name, index);
    expect([code, asked.length]).toEqual(["read", 1]);
  });

  it.each(NAMES)("211. of a file of another size is CHANGED: %s", async (name) => {
    const index = await edited(name, (json) => void (json["size"] = FILES[name].length + 512));
    expect(await codeOf(name, index)).toEqual(["CHANGED", []]);
  });

  it.each(NAMES)(
    "211. with another ETag is CHANGED at its first read, after one request: %s",
    async (name) => {
      await using lab = await startLab({ files: FILES });
      const url = `${lab.url}/${name}`;
      const index = await edited(name, ({ identity }) => void (identity["etag"] = '"of another"'));
      await using archive = await openers[name](url, { index });
      const before = (await lab.requests()).length;
      await expect(archive.get("b.txt").bytes()).rejects.toMatchObject({ code: "CHANGED" });
      expect([before, (await lab.requests()).length]).toEqual([0, 1]);
    },
  );

  it.each(NAMES)("211. that names another address sends nobody there: %s", async (name) => {
    await using lab = await startLab({ files: FILES });
    await using other = await startLab({ files: FILES });
    const index = await edited(name, (json) => {
      const foreign = `${other.url}/${name}`;
      for (const part of [json, json.directory, json.identity, ...(json["entries"] as Json[])]) {
        Object.assign(part, { url: foreign, source: foreign, name: foreign, href: foreign });
      }
    });
    await using archive = await openers[name](`${lab.url}/${name}`, { index });
    expect(await archive.get("b.txt").text()).toBe("second");
    expect([(await lab.requests()).length, (await other.requests()).length]).toEqual([1, 0]);
  });
});
