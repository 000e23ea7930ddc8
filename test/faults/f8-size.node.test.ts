import { describe, expect, it } from "vitest";
import { openSource, RangeStream } from "../../src/index.ts";
import { patternBytes, patternSlice } from "../../src/testing/pattern-bytes.ts";
import { startRangeServer } from "../../src/testing/range-server.node.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { file, head, partial, play, quick, status } from "./scenario.node.ts";

describe("F8: size discovery and odd files", () => {
  it.each([
    ["a 200 with nothing", { send: [head("200 OK", { "Content-Length": 0 })] }],
    [
      "a 200 that ends at once",
      { send: [head("200 OK", { Connection: "close" }), { close: "end" as const }] },
    ],
    ["a 416 of 0", status("416 Range Not Satisfiable", { "Content-Range": "bytes */0" })],
  ])("135. an empty file, answered by %s: size 0 in one request", async (_, answer) => {
    for (const probe of [undefined, { suffix: 65_536 }] as const) {
      const server = await startRawServer([answer]);
      const source = await openSource(`${server.url}/file`, { ...quick, probe });
      expect(source.size).toBe(0);
      expect(await source.read([0, 0])).toEqual(new Uint8Array(0));
      await expect(source.read([0, 1])).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
      await source.close();
      await server.close();
    }
  });

  it("135. a bare 416 to the first byte is confirmed by a HEAD before a file is called empty", async () => {
    const server = await startRawServer([
      status("416 Range Not Satisfiable"),
      { expect: { method: "HEAD" }, send: [head("200 OK", { "Content-Length": 0 })] },
    ]);
    const source = await openSource(`${server.url}/file`, quick);
    expect(source.size).toBe(0);
    await source.close();
    await server.close();
  });

  it.each([1, 65_535, 65_536, 65_537])("136. a file of %i bytes and a tail of 65,536", async (size) => {
    const bytes = patternBytes(size, 3);
    await using server = await startRangeServer({ files: { file: bytes } });
    await using source = await openSource(`${server.url}/file`, { probe: { suffix: 65_536 } });
    expect(source.size).toBe(size);
    expectSameBytes(await source.read([0, size]), bytes);
    expect(server.requests).toHaveLength(size > 65_536 ? 2 : 1);
  });

  it("107. a HEAD that is forbidden, as for a URL signed for GET, is never missed", async () => {
    await using server = await startRangeServer({ files: { file }, misbehave: "head-forbidden" });
    await using source = await openSource(`${server.url}/file`);
    expect(source.size).toBe(1000);
  });

  it("137, 138. what a HEAD would say of the size does not matter: it is not asked", async () => {
    const bytes = patternBytes(1000, 3);
    await using server = await startRangeServer({ files: { file: bytes }, misbehave: "head-zero-length" });
    await using source = await openSource(`${server.url}/file`);
    expect(source.size).toBe(1000);
    expect(server.requests.map(({ method }) => method)).toEqual(["GET"]);
  });

  it.each([[[5000, 6000]], [[5000]], [[900, 6000]]] as const)(
    "a probe %j of 1,000 bytes is clamped to the file, wholly or in part",
    async (probe) => {
      await using server = await startRangeServer({ files: { file } });
      await using source = await openSource(`${server.url}/file`, { probe });
      expect(source.size).toBe(1000);
      expect(source.identity.strength).toBe("strong");
      expectSameBytes(await source.read([0]), file);
      expect(server.requests.length).toBeLessThanOrEqual(2);
    },
  );

  it("a first range past the end is OUT_OF_BOUNDS with a span that is not reversed", async () => {
    await using server = await startRangeServer({ files: { file } });
    const opening = RangeStream.open(`${server.url}/file`, { range: [5000] });
    await expect(opening).rejects.toMatchObject({
      code: "OUT_OF_BOUNDS",
      size: 1000,
      range: { start: 5000, end: 5000 },
    });
  });

  it("139. a size that stays a secret: bounded reads work, what needs it is UNKNOWN_SIZE", async () => {
    await using server = await startRangeServer({ files: { file }, misbehave: "no-total" });
    await using stream = await RangeStream.open(`${server.url}/file`);
    expect(stream.totalBytes).toBeUndefined();
    expect(() => stream.totalRange).toThrow(expect.objectContaining({ code: "UNKNOWN_SIZE" }));
    expect(() => stream.add([-3])).toThrow(expect.objectContaining({ code: "UNKNOWN_SIZE" }));
    expectSameBytes(await stream.add([100, 110]).read(), file.slice(100, 110));
    expect(stream.source.size).toBe(Number.POSITIVE_INFINITY);
  });

  it("140. offsets beyond 2^32 and up to 2^53 - 1 are exact", async () => {
    const size = Number.MAX_SAFE_INTEGER;
    const huge = { size, read: (start: number, end: number) => patternSlice(start, end) };
    await using server = await startRangeServer({ files: { huge } });
    await using source = await openSource(`${server.url}/huge`);
    expect(source.size).toBe(size);
    for (const start of [2 ** 32 - 5, 2 ** 32, 2 ** 53 - 20]) {
      expectSameBytes(await source.read([start, start + 10]), patternSlice(start, start + 10));
    }
  });

  it("140. a total beyond 2^53 - 1 is refused", async () => {
    const open = { send: partial(0, 10, { "Content-Range": "bytes 0-9/9007199254740992" }) };
    expect(await play({ open })).toBe("BAD_RESPONSE");
  });

  it("142. an endless 200 ends at maxDownloadBytes", async () => {
    const block = new Uint8Array(100_000);
    const open = {
      send: [head("200 OK", { Connection: "close" }), ...Array.from({ length: 30 }, () => block)],
    };
    const options = { ifRangesIgnored: "download", maxDownloadBytes: 1_000_000 } as const;
    expect(await play({ open, options })).toBe("LIMIT");
  });
});
