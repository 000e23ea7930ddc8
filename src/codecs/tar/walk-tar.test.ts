import { describe, expect, it } from "vitest";
import { buildTar } from "../../../test/tar/build-tar.ts";
import { compressedTar, SAMPLE_MEMBERS, type SampleFormat } from "../../../test/tar/compressed-tars.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { openSource } from "../../open.ts";
import type { TarEntry } from "./tar-archive.ts";
import { walkTar } from "./walk-tar.ts";

const PLAIN = buildTar(SAMPLE_MEMBERS.map(([name, data]) => ({ name, data })));
const closed = { code: "CLOSED" };

describe.each<"tar" | SampleFormat>(["tar", "tar.gz", "tar.zst", "tar.bz2", "tar.xz"])(
  "walking a %s",
  (format) => {
    const bytes = format === "tar" ? PLAIN : compressedTar(format);

    it("gives each member, to be read or passed over", async () => {
      const read: [string, string][] = [];
      for await (const entry of walkTar(bytes)) read.push([entry.name, await entry.text()]);
      expect(read).toEqual(SAMPLE_MEMBERS);
      const passed: string[] = [];
      for await (const { name } of walkTar(bytes)) passed.push(name);
      expect(passed).toEqual(SAMPLE_MEMBERS.map(([name]) => name));
    });

    it("gives a member as a stream, which may be left in its middle", async () => {
      const names: string[] = [];
      for await (const entry of walkTar(bytes)) {
        names.push(entry.name);
        const reader = entry.stream().getReader();
        expect((await reader.read()).value?.length).toBeGreaterThan(0);
        if (entry.name === "readme.txt") await reader.cancel();
      }
      expect(names).toEqual(SAMPLE_MEMBERS.map(([name]) => name));
    });

    it("closes a member with the next step, also one that is being read", async () => {
      const entries: TarEntry[] = [];
      let reading: Promise<unknown> = Promise.resolve();
      for await (const entry of walkTar(bytes)) {
        if (entries.length === 0) reading = entry.bytes().catch((error: unknown) => error);
        entries.push(entry);
        if (entries.length === 2) expect(await entry.text()).toBe(SAMPLE_MEMBERS[1]?.[1]);
      }
      const outcome = await reading;
      if (!(outcome instanceof Uint8Array)) expect(outcome).toMatchObject(closed);
      for (const entry of entries) {
        await expect(entry.bytes()).rejects.toMatchObject(closed);
        await expect(drain(entry.stream())).rejects.toMatchObject(closed);
      }
    });

    it("closes what it opened when the loop is left, and not what was handed in", async () => {
      const own = recordedSource(new Uint8Array(bytes));
      const planned = await openSource(own);
      for await (const entry of walkTar(planned)) {
        expect(entry.name).toBe("readme.txt");
        break;
      }
      expect((await planned.read([0, 5])).length).toBe(5);
    });
  },
);

it("a member of a compressed tar goes by once", async () => {
  for await (const entry of walkTar(compressedTar("tar.gz"))) {
    expect((await entry.bytes()).length).toBe(entry.size);
    await expect(entry.bytes()).rejects.toMatchObject(closed);
    await expect(entry.range()).rejects.toMatchObject({ code: "UNSUPPORTED" });
  }
});

it("an abort of a read of a compressed tar rejects with its reason, and the walk goes on", async () => {
  const names: string[] = [];
  for await (const entry of walkTar(compressedTar("tar.gz"))) {
    names.push(entry.name);
    const own = new AbortController();
    const read = entry.bytes({ signal: own.signal });
    own.abort(new Error("mine"));
    await expect(read).rejects.toThrow("mine");
  }
  expect(names).toEqual(["readme.txt", "lines.txt"]);
});

it("a hard link tells that its target went by", async () => {
  const parts = [
    { name: "a", data: "x" },
    { type: "1", name: "l", linkName: "a" },
  ];
  for await (const entry of walkTar(buildTar(parts))) {
    if (entry.name !== "l") continue;
    expect([entry.size, entry.linkTarget]).toEqual([0, "a"]);
    await expect(entry.bytes()).rejects.toMatchObject({ code: "UNSUPPORTED" });
  }
});

it("an abort ends the walk with its reason", async () => {
  const own = new AbortController();
  const walk = async () => {
    for await (const entry of walkTar(compressedTar("tar.zst"), { signal: own.signal })) {
      names.push(entry.name);
      own.abort(new Error("mine"));
    }
  };
  const names: string[] = [];
  await expect(walk()).rejects.toThrow("mine");
  expect(names).toEqual(["readme.txt"]);
});

it("a compressed tar that is damaged at its very end is not walked to the end", async () => {
  const bytes = new Uint8Array(compressedTar("tar.gz"));
  bytes[bytes.length - 6] = (bytes[bytes.length - 6] as number) ^ 1;
  const names: string[] = [];
  const walk = async () => {
    for await (const { name } of walkTar(bytes)) names.push(name);
  };
  await expect(walk()).rejects.toMatchObject({ code: "CHECKSUM" });
  expect(names).toEqual(["readme.txt", "lines.txt"]);
});
