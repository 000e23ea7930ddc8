import { describe, expect, it } from "vitest";
import { openSource, type PlannedSource, type SourceEvent } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { startRangeServer } from "../../src/testing/range-server.node.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import {
  type Fields,
  failure,
  file,
  head,
  otherFile,
  partial,
  partialHead,
  play,
  quick,
  status,
} from "./scenario.node.ts";

const dates = { old: "Wed, 25 Nov 2026 10:00:00 GMT", new: "Wed, 25 Nov 2026 11:00:00 GMT" };
/** A session whose first answer carries some validators and its second others. */
const session = (first: Fields, second: Fields) => ({
  open: { send: partial(0, 10, { ETag: undefined, ...first }) },
  answers: [{ send: partial(100, 110, { ETag: undefined, ...second }) }],
});
const opened = async (fields: Fields, use: (source: PlannedSource) => void): Promise<void> => {
  await using server = await startRawServer([{ send: partial(0, 10, { ETag: undefined, ...fields }) }]);
  await using source = await openSource(`${server.url}/file`, quick);
  use(source);
};

describe("F4: identity and change", () => {
  it("74. another ETag is CHANGED, and no byte of the new version is mixed in or kept", async () => {
    const first = patternBytes(300_000, 1);
    await using server = await startRangeServer({ files: { file: first } });
    await using source = await openSource(`${server.url}/file`);
    server.replace("file", patternBytes(300_000, 2));
    await expect(source.read([0, 200_000])).rejects.toMatchObject({ code: "CHANGED" });
    expectSameBytes(await source.read([0, 1000]), first.slice(0, 1000));
    await expect(source.read([100_000, 100_010])).rejects.toMatchObject({ code: "CHANGED" });
    expect(source.receipt.ranges.toString()).toBe("RangeSet{Range[0, 32768)}");
  });

  it("74. also within a stream and within readMany", async () => {
    const first = patternBytes(3_000_000, 1);
    await using server = await startRangeServer({
      files: { file: first },
      misbehave: { name: "drops-mid-body", bytes: 500_000, after: 1, times: 1 },
    });
    await using source = await openSource(`${server.url}/file`, { cache: false, retry: { baseDelayMs: 1 } });
    const reader = source.stream([0, 3_000_000]).getReader();
    let position = 0;
    const drained = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "complete";
        expectSameBytes(value, first.slice(position, position + value.byteLength));
        position += value.byteLength;
        if (position >= 32_768) server.replace("file", patternBytes(3_000_000, 2));
      }
    })();
    await expect(drained).rejects.toMatchObject({ code: "CHANGED" });
    const many = source.readMany([
      [1_000_000, 1_000_010],
      [2_000_000, 2_000_010],
    ]);
    await expect(many).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("75. the same strong ETag under another date is the same file", async () => {
    const first = { ETag: '"a"', "Last-Modified": dates.old };
    expect(await play(session(first, { ETag: '"a"', "Last-Modified": dates.new }))).toBe("bytes");
  });

  it("76. a strong ETag that disappears: told once, refused under 'strict'", async () => {
    const gone = session({ ETag: '"a"' }, {});
    const events: SourceEvent[] = [];
    expect(await play({ ...gone, options: { onEvent: (event) => events.push(event) } })).toBe("bytes");
    expect(events.filter(({ type }) => type === "warning")).toHaveLength(1);
    expect(await play({ ...gone, options: { identity: "strict" } })).toBe("NO_IDENTITY");
  });

  it("76. an answer without a validator proves nothing once another file was seen", async () => {
    await using server = await startRawServer([
      { send: partial(0, 10) },
      { send: partial(100, 110, { ETag: '"b"' }) },
      { send: partial(100, 110, { ETag: undefined }) },
      { send: partial(100, 110) },
    ]);
    await using source = await openSource(`${server.url}/file`, quick);
    await expect(source.read([100, 110])).rejects.toMatchObject({ code: "CHANGED" });
    await expect(source.read([100, 110])).rejects.toMatchObject({ code: "CHANGED" });
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
  });

  it("77. a weak ETag: called weak, compared, combined with size and date, refused under 'strict'", async () => {
    await opened({ ETag: 'W/"a"' }, ({ identity }) => expect(identity.strength).toBe("weak"));
    expect(await play(session({ ETag: 'W/"a"' }, { ETag: 'W/"a"' }))).toBe("bytes");
    expect(await play(session({ ETag: 'W/"a"' }, { ETag: 'W/"b"' }))).toBe("CHANGED");
    const dated = { ETag: 'W/"a"', "Last-Modified": dates.old };
    expect(await play(session(dated, { ...dated, "Last-Modified": dates.new }))).toBe("CHANGED");
    const strict = {
      open: { send: partial(0, 10, { ETag: 'W/"a"' }) },
      options: { identity: "strict" as const },
    };
    expect(await play(strict)).toBe("NO_IDENTITY");
  });

  it("77. a body is not resumed onto a file whose weak ETag changed", async () => {
    const open = { send: partial(0, 10, { ETag: 'W/"a"' }) };
    const cut = [partialHead(100, 110, { ETag: 'W/"a"' }), file.slice(100, 104), { close: "end" as const }];
    const other = [partialHead(104, 110, { ETag: 'W/"b"' }), otherFile.slice(104, 110)];
    expect(await play({ open, answers: [{ send: cut }, { send: other }] })).toBe("CHANGED");
  });

  it("78. a weak tag that turns strong with the same value is the same file", async () => {
    expect(await play(session({ ETag: 'W/"a"' }, { ETag: '"a"' }))).toBe("bytes");
    expect(await play(session({ ETag: '"a"' }, { ETag: 'W/"a"' }))).toBe("bytes");
  });

  it("79. an unquoted ETag is compared as it is, and never sent back", async () => {
    await using server = await startRawServer([
      { send: partial(0, 10, { ETag: "0x8DBF" }) },
      { expect: { headers: { "if-match": null } }, send: partial(100, 110, { ETag: "0x8DBF" }) },
      { send: partial(200, 210, { ETag: "0x8DC0" }) },
    ]);
    await using source = await openSource(`${server.url}/file`, quick);
    expect(source.identity).toMatchObject({ strength: "weak", etag: "0x8DBF" });
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await expect(source.read([200, 210])).rejects.toMatchObject({ code: "CHANGED" });
  });

  it.each(['"a"b"', `"${"x".repeat(8000)}"`, '"\u00e9"', '"a", "b"'])(
    "80. an ETag that is no valid strong entity-tag is compared, not echoed",
    async (etag) => {
      await using server = await startRawServer([
        { send: partial(0, 10, { ETag: etag }) },
        { expect: { headers: { "if-match": null } }, send: partial(100, 110, { ETag: etag }) },
      ]);
      await using source = await openSource(`${server.url}/file`, quick);
      expect(source.identity.strength).toBe("weak");
      expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    },
  );

  it("81. a date alone is weak, however old it is, and compared", async () => {
    const old = { "Last-Modified": dates.old, Date: dates.new };
    await opened(old, ({ identity }) =>
      expect(identity).toMatchObject({ strength: "weak", lastModified: dates.old }),
    );
    expect(await play(session(old, old))).toBe("bytes");
    expect(await play(session(old, { "Last-Modified": dates.new }))).toBe("CHANGED");
  });

  it("82. no validator at all is called none; the size is compared; 'strict' refuses", async () => {
    await opened({}, ({ identity }) => expect(identity).toEqual({ strength: "none" }));
    expect(await play(session({}, {}))).toBe("bytes");
    expect(await play(session({}, { "Content-Range": "bytes 100-109/999" }))).toBe("CHANGED");
    const open = { send: partial(0, 10, { ETag: undefined }) };
    expect(await play({ open, options: { identity: "strict" } })).toBe("NO_IDENTITY");
  });

  it("82. the first validator that appears later is held from then on", async () => {
    const server = await startRawServer([
      { send: partial(0, 10, { ETag: undefined }) },
      { send: partial(100, 110, { ETag: '"a"' }) },
      { send: partial(200, 210, { ETag: '"b"' }) },
    ]);
    const source = await openSource(`${server.url}/file`, quick);
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await expect(source.read([200, 210])).rejects.toMatchObject({ code: "CHANGED" });
    await source.close();
    await server.close();
  });

  it("84. a file that grows is CHANGED, and read on under identity 'ignore'", async () => {
    const grown = session({ ETag: '"a"' }, { ETag: '"b"', "Content-Range": "bytes 100-109/2000" });
    expect(await play(grown)).toBe("CHANGED");
    expect(await play({ ...grown, options: { identity: "ignore" } })).toBe("bytes");
  });

  it("85. a file that was cut off is CHANGED", async () => {
    expect(await play(session({ ETag: '"a"' }, { ETag: '"b"', "Content-Range": "bytes 100-109/110" }))).toBe(
      "CHANGED",
    );
  });

  it("86. a whole new version in answer to a range is CHANGED, not taken for a server without ranges", async () => {
    const answers = [{ send: [head("200 OK", { "Content-Length": 1000, ETag: '"b"' }), otherFile] }];
    expect(await failure({ answers })).toMatchObject({ code: "CHANGED", attempts: 1 });
  });

  it("87. replicas that lag behind: no mixture, CHANGED", async () => {
    const server = await startRawServer([
      { send: partial(0, 10) },
      { send: partial(100, 110) },
      { send: [partialHead(200, 210, { ETag: '"b"' }), otherFile.slice(200, 210)] },
      { send: partial(300, 310) },
    ]);
    const source = await openSource(`${server.url}/file`, quick);
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await expect(source.read([200, 210])).rejects.toMatchObject({ code: "CHANGED" });
    expectSameBytes(await source.read([300, 310]), file.slice(300, 310));
    await source.close();
    await server.close();
  });

  it("88. a change amid readMany fails the whole call, and what only it wanted is aborted", async () => {
    const first = patternBytes(3_000_000, 1);
    await using server = await startRangeServer({
      files: { file: first },
      misbehave: { name: "etag-changes", after: 3 },
    });
    await using source = await openSource(`${server.url}/file`, {
      maxConnections: 2,
      retry: false,
      policy: "lean",
    });
    const ranges = Array.from(
      { length: 10 },
      (_, index) => [100_000 * (index + 1), 100_000 * (index + 1) + 10] as const,
    );
    await expect(source.readMany(ranges)).rejects.toMatchObject({ code: "CHANGED" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests.length).toBeLessThan(8);
  });

  it("90. what is held is answered without asking whether the server still has it", async () => {
    const server = await startRawServer([{ send: partial(0, 10) }, status("404 Not Found")]);
    const source = await openSource(`${server.url}/file`, { ...quick, cache: { maxBytes: 1000 } });
    await expect(source.read([100, 110])).rejects.toMatchObject({ code: "CHANGED" });
    expectSameBytes(await source.read([0, 10]), file.slice(0, 10));
    await source.close();
    await server.close();
  });
});
