import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { buildTar } from "../../test/tar/build-tar.ts";
import { buildZip } from "../../test/zip/build-zip.ts";
import { drain } from "../../test/zip/drain.ts";
import { recordedSource } from "../../test/zip/recorded-source.ts";
import type { Bytes } from "../source/source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import type { Archive, Entry } from "./archive.ts";
import { openTar } from "./tar/open-tar.ts";
import { openZip } from "./zip/open-zip.ts";

const SIZES: readonly number[] = [3, 3_000_000, 0, 70_000, 600_000, 900_000, 5];
const MEMBERS: readonly { name: string; data: Bytes }[] = SIZES.map((size, index) => ({
  name: `m${index}`,
  data: patternBytes(size, index),
}));

/** The same members in each kind of archive, and what is read of the file. */
async function open(kind: string): Promise<{ archive: Archive; asked: readonly string[] }> {
  const members = [...MEMBERS];
  const bytes =
    kind === "zip"
      ? buildZip(members.map((member) => ({ ...member, method: 8 })))
      : kind === "tar"
        ? buildTar(members)
        : gzipSync(buildTar(members));
  const source = recordedSource(bytes, kind);
  const archive = await (kind === "zip" ? openZip(source) : openTar(source));
  return { archive, asked: source.asked };
}

async function readEach(archive: Archive, entries: readonly Entry[]): Promise<[string, Bytes][]> {
  const read: [string, Bytes][] = [];
  for await (const { entry, stream } of archive.streamEach(entries))
    read.push([entry.name, await drain(stream)]);
  return read;
}

describe.each(["zip", "tar", "tar.gz"])("the members of a %s, as streams", (kind) => {
  it("come as they lie in the archive, whatever the order asked, each whole", async () => {
    const { archive } = await open(kind);
    const read = await readEach(archive, [...archive.entries].reverse());
    expect(read.map(([name]) => name)).toEqual(MEMBERS.map(({ name }) => name));
    for (const [index, [, bytes]] of read.entries())
      expectSameBytes(bytes, MEMBERS[index]?.data ?? new Uint8Array(0));
  });

  it("come twice where they are asked for twice", async () => {
    const { archive } = await open(kind);
    const entry = archive.get("m3");
    const read = await readEach(archive, [entry, archive.get("m0"), entry]);
    expect(read.map(([name]) => name).sort()).toEqual(["m0", "m3", "m3"]);
    for (const [name, bytes] of read) expect(bytes.length).toBe(name === "m3" ? 70_000 : 3);
  });

  it("may be left unread, and are CLOSED after their step", async () => {
    const { archive } = await open(kind);
    const kept: ReadableStream<Bytes>[] = [];
    for await (const { entry, stream } of archive.streamEach(archive.entries)) {
      if (entry.name === "m3") expectSameBytes(await drain(stream), patternBytes(70_000, 3));
      else kept.push(stream);
    }
    for (const stream of kept) await expect(drain(stream)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("end with the loop", async () => {
    const { archive } = await open(kind);
    for await (const { stream } of archive.streamEach(archive.entries)) {
      await stream.getReader().read();
      break;
    }
    await expect(archive.get("m6").bytes()).resolves.toHaveLength(5);
  });

  it("end with the reason of an abort, before and between steps", async () => {
    const { archive } = await open(kind);
    const reason = new Error("enough");
    const before = archive.streamEach(archive.entries, { signal: AbortSignal.abort(reason) });
    await expect(before[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    const controller = new AbortController();
    const walk = async (): Promise<void> => {
      for await (const { entry } of archive.streamEach(archive.entries, { signal: controller.signal })) {
        expect(entry.name).toBe("m0");
        controller.abort(reason);
      }
    };
    await expect(walk()).rejects.toBe(reason);
  });

  it("ends in the midst of a large member with the reason of an abort", async () => {
    const { archive } = await open(kind);
    const reason = new Error("enough");
    const controller = new AbortController();
    for await (const { entry, stream } of archive.streamEach(archive.entries, {
      signal: controller.signal,
    })) {
      if (entry.name !== "m1") continue;
      const reader = stream.getReader();
      await reader.read();
      controller.abort(reason);
      await expect(reader.read()).rejects.toBe(reason);
      break;
    }
  });

  it("are refused where they are another archive's, and CLOSED with their own", async () => {
    const { archive } = await open(kind);
    const { archive: other } = await open(kind);
    await expect(readEach(archive, other.entries)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await archive.close();
    await expect(readEach(archive, archive.entries)).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("are none where none are asked for, without a read", async () => {
    const { archive, asked } = await open(kind);
    const before = asked.length;
    expect(await readEach(archive, [])).toEqual([]);
    expect(asked.length).toBe(before);
  });
});

it.each([false, true])(
  "a hard link of a tar comes beside its target; compressed: %s",
  async (isCompressed) => {
    const bytes = buildTar([
      { name: "a", data: "abc" },
      { name: "b", type: "1", linkName: "a" },
      { name: "c", data: "c" },
    ]);
    const tar = await openTar(isCompressed ? gzipSync(bytes) : bytes);
    const read = await readEach(tar, tar.entries);
    expect(read.map(([name, { length }]) => `${name}${length}`).sort()).toEqual(["a3", "b3", "c1"]);
  },
);

describe("what many members cost as streams", () => {
  it("fetches small neighbours of a zip in one read", async () => {
    const members = Array.from({ length: 100 }, (_, index) => ({
      name: `${index}`,
      data: patternBytes(3000, index),
    }));
    const source = recordedSource(buildZip(members), "x.zip");
    const zip = await openZip(source, { policy: "lean" });
    const before = source.asked.length;
    await readEach(zip, zip.entries);
    expect(source.asked.length - before).toBe(1);
  });

  it("goes through a compressed tar once", async () => {
    const bytes = gzipSync(buildTar([...MEMBERS]));
    const tar = await openTar(bytes, { cache: false });
    const opening = tar.source.receipt.bytesReceived;
    await readEach(tar, tar.entries);
    expect(tar.source.receipt.bytesReceived - opening).toBeLessThanOrEqual(bytes.length);
  });

  it("asks for nothing where one of them cannot be read at all", async () => {
    const source = recordedSource(
      buildZip([
        { name: "a", data: patternBytes(100_000, 1) },
        { name: "s", flags: 0x801 },
      ]),
      "x",
    );
    const zip = await openZip(source);
    const before = source.asked.length;
    await expect(readEach(zip, zip.entries)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(source.asked.length).toBe(before);
  });
});
