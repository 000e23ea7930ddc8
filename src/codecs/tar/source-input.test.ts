import { describe, expect, it } from "vitest";
import { buildTar } from "../../../test/tar/build-tar.ts";
import { bytesSource } from "../../source/bytes-source.ts";
import { recordingSource } from "../../testing/recording-source.ts";
import { openTar } from "./open-tar.ts";

function tarOf(count: number, size: (index: number) => number): Uint8Array<ArrayBuffer> {
  return buildTar(
    Array.from({ length: count }, (_, index) => ({
      name: `${index}.txt`,
      data: new Uint8Array(size(index)).fill(index & 0xff),
    })),
  );
}

describe("the headers of a plain tar", () => {
  it("that lie close together come in pieces that grow, also where one hop in a few is longer", async () => {
    const source = recordingSource(bytesSource(tarOf(1000, (index) => (index % 5 === 0 ? 5000 : 1500))));
    const tar = await openTar(source);
    expect(tar.entries.length).toBe(1000);
    // One by one to the first piece, then 32 KiB, 64 KiB, and so on to 512 KiB of 3 MB.
    expect(source.reads.length).toBeLessThan(20);
    await tar.close();
  });

  it("that lie far apart are read alone", async () => {
    const bytes = tarOf(20, () => 300_000);
    const source = recordingSource(bytesSource(bytes));
    const tar = await openTar(source, { policy: "lean" });
    const asked = source.reads.reduce((sum, { range }) => sum + range.length, 0);
    expect([tar.entries.length, asked < bytes.length / 10]).toEqual([20, true]);
    await tar.close();
  });
});

describe("many members of a plain tar", () => {
  it("that are neighbours are arrays of their own", async () => {
    const tar = await openTar(tarOf(100, (index) => index));
    const [last, second, again] = await tar.readMany([99, 1, 1].map((index) => tar.get(`${index}.txt`)));
    expect([last?.length, last?.[0], second, again]).toEqual([99, 99, Uint8Array.of(1), Uint8Array.of(1)]);
    expect([last?.buffer.byteLength, second?.buffer.byteLength]).toEqual([99, 1]);
    expect(second?.buffer).not.toBe(again?.buffer);
    await tar.close();
  });

  it("are given in the order asked, whatever lies between them", async () => {
    const bytes = tarOf(50, (index) => index * 1000);
    const asked = [40, 3, 41, 0, 42, 4, 49, 48, 47, 46, 45];
    const listed = await openTar(bytes);
    for (const options of [{}, { index: listed.toIndex() }]) {
      const tar = await openTar(bytes, options);
      const read = await tar.readMany(asked.map((index) => tar.get(`${index}.txt`)));
      expect(read.map((data) => [data.length, data.at(-1) ?? 0])).toEqual(
        asked.map((index) => [index * 1000, index]),
      );
      await tar.close();
    }
    await listed.close();
  });
});
