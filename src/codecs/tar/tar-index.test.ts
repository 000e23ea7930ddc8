import { describe, expect, it } from "vitest";
import { type BlockSpec, buildTar, pax } from "../../../test/tar/build-tar.ts";
import { failing, open, TWO, text } from "../../../test/tar/open-built-tar.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { resolveRange } from "../../ranges/range-input.ts";
import { bytesSource } from "../../source/bytes-source.ts";
import type { Source } from "../../source/source.ts";
import type { ArchiveIndex } from "../archive.ts";
import { openTar } from "./open-tar.ts";
import type { TarArchive, TarEntry } from "./tar-archive.ts";

describe("an index", () => {
  const parts: BlockSpec[] = [
    pax({ comment: "all" }, "g"),
    pax({ path: "long", mtime: "1.5" }),
    ...TWO,
    { type: "1", name: "l", linkName: "long" },
  ];
  const saved = (tar: TarArchive): ArchiveIndex => JSON.parse(JSON.stringify(tar.toIndex())) as ArchiveIndex;

  it("opens the same archive, and each member is checked by its own header", async () => {
    const bytes = buildTar(parts);
    const tar = await openTar(bytes);
    const index = saved(tar);
    expect(index.entries[0]).toEqual({
      name: "long",
      kind: "file",
      range: [1024, 2565],
      size: 5,
      storedSize: 5,
      method: "store",
    });
    const source = recordedSource(bytes, "x.tar");
    const again = await openTar(source, { index });
    expect(source.asked).toEqual([]);
    expect([saved(again).entries, saved(again).directory]).toEqual([index.entries, index.directory]);
    expect(again.entries.map(({ name, modified, linkTarget }) => [name, modified, linkTarget])).toEqual(
      tar.entries.map(({ name, modified, linkTarget }) => [name, modified, linkTarget]),
    );
    expect(again.get("long").pax).toEqual({ comment: "all" });
    expect((await again.readMany(again.entries)).map(text)).toEqual(["alpha", "b".repeat(700), "alpha"]);
    const third = await openTar(bytes, { index });
    expect(text(await drain(third.get("long").stream()))).toBe("alpha");
    expect(String(await third.get("dir/b.txt").range())).toBe("[3584, 4284)");
    expect(await (await openTar(bytes, { index })).get("long").text()).toBe("alpha");
  });

  it("opens what holds numbers beyond all that JSON has", async () => {
    const beyond = "9".repeat(400);
    const tar = await open([pax({ mtime: beyond, uid: beyond, gid: beyond }), ...TWO]);
    const again = await open([pax({ mtime: beyond, uid: beyond, gid: beyond }), ...TWO], {
      index: saved(tar),
    });
    expect(saved(again)).toEqual(saved(tar));
    expect(await again.get("a.txt").text()).toBe("alpha");
  });

  it("of another archive is CHANGED, by its size or its validators", async () => {
    const index = saved(await open(parts));
    await expect(open(TWO, { index })).rejects.toThrow(failing("CHANGED"));
    const tagged = { ...index, identity: { strength: "strong" as const, etag: '"1"' } };
    await expect(open(parts, { index: tagged })).rejects.toThrow(failing("CHANGED"));
  });

  it.each<[string, (record: Record<string, unknown>) => void]>([
    [
      "another name",
      (record) => {
        record["name"] = "other";
      },
    ],
    [
      "another size",
      (record) => {
        record["size"] = 4;
        record["storedSize"] = 4;
      },
    ],
    [
      "another place for its data",
      (record) => {
        record["data"] = 3072;
      },
    ],
    [
      "another start",
      (record) => {
        record["start"] = 2048;
      },
    ],
    [
      "another type",
      (record) => {
        record["type"] = "7";
      },
    ],
  ])("that says of a member %s is FORMAT when it is read", async (_, edit) => {
    const bytes = buildTar(parts);
    const index = saved(await openTar(bytes));
    const records = JSON.parse(String(index.directory["records"])) as Record<string, unknown>[];
    edit(records[0] as Record<string, unknown>);
    // The next one must not lie in it.
    const edited = { ...index, directory: { records: JSON.stringify(records.slice(0, 1)) } };
    const [entry] = (await openTar(bytes, { index: edited })).entries as [TarEntry];
    await expect(entry.bytes()).rejects.toThrow(failing("FORMAT"));
    await expect(entry.range()).rejects.toThrow(failing("FORMAT"));
    await expect(drain(entry.stream())).rejects.toThrow(failing("FORMAT"));
  });

  it("that says of headers that they go on for MiB is FORMAT soon, in whatever pieces they come", async () => {
    const bytes = buildTar([{ name: "a" }, { name: "b", data: new Uint8Array(4 * 1024 * 1024) }]);
    const index = saved(await openTar(bytes));
    const records = JSON.parse(String(index.directory["records"])) as Record<string, unknown>[];
    const record = { ...records[0], data: 4 * 1024 * 1024 };
    const edited = { ...index, directory: { records: JSON.stringify([record]) } };
    const whole = bytesSource(bytes);
    const inPieces: Source = {
      name: "pieces",
      size: bytes.length,
      identity: whole.identity,
      read: (range, options) => whole.read(range, options),
      stream: (range = [0]) => {
        let { start } = resolveRange(range, bytes.length);
        return new ReadableStream({
          pull: (controller) => controller.enqueue(bytes.slice(start, (start += 256))),
        });
      },
      close: () => whole.close(),
      [Symbol.asyncDispose]: () => whole.close(),
    };
    const [entry] = (await openTar(inPieces, { index: edited })).entries as [TarEntry];
    await expect(drain(entry.stream())).rejects.toThrow(failing("FORMAT"));
  }, 4000);

  it.each<[string, (index: Record<string, unknown>) => void, string]>([
    [
      "another version",
      (index) => {
        index["version"] = 2;
      },
      "FORMAT",
    ],
    [
      "another format",
      (index) => {
        index["format"] = "zip";
      },
      "FORMAT",
    ],
    [
      "no size",
      (index) => {
        index["size"] = -1;
      },
      "FORMAT",
    ],
    [
      "no identity",
      (index) => {
        index["identity"] = { strength: "very" };
      },
      "FORMAT",
    ],
    [
      "no directory",
      (index) => {
        index["directory"] = null;
      },
      "FORMAT",
    ],
    [
      "no JSON",
      (index) => {
        index["directory"] = { records: "[" };
      },
      "FORMAT",
    ],
    [
      "no list",
      (index) => {
        index["directory"] = { records: "{}" };
      },
      "FORMAT",
    ],
    [
      "no records",
      (index) => {
        index["directory"] = { records: "[1]" };
      },
      "FORMAT",
    ],
    [
      "a record outside",
      (index) => {
        index["directory"] = {
          records: '[{"start":0,"data":512,"size":1,"storedSize":1000000,"name":"a","type":"0"}]',
        };
      },
      "FORMAT",
    ],
    [
      "a record without a name",
      (index) => {
        index["directory"] = { records: '[{"start":0,"data":512,"size":0,"storedSize":0,"type":"0"}]' };
      },
      "FORMAT",
    ],
    [
      "a mode that is text",
      (index) => {
        index["directory"] = {
          records: '[{"start":0,"data":512,"size":0,"storedSize":0,"name":"a","type":"0","mode":"x"}]',
        };
      },
      "FORMAT",
    ],
    [
      "records that lie in one another",
      (index) => {
        const one = '{"start":0,"data":512,"size":0,"storedSize":0,"name":"a","type":"0"}';
        index["directory"] = { records: `[${one},${one}]` };
      },
      "FORMAT",
    ],
    [
      "a name beyond the limit",
      (index) => {
        index["directory"] = {
          records: `[{"start":0,"data":512,"size":0,"storedSize":0,"name":"${"a".repeat(5000)}","type":"0"}]`,
        };
      },
      "LIMIT",
    ],
  ])("is refused with %s", async (_, edit, code) => {
    const index = saved(await open(parts)) as unknown as Record<string, unknown>;
    edit(index);
    await expect(open(parts, { index: index as unknown as ArchiveIndex })).rejects.toThrow(failing(code));
  });
});
