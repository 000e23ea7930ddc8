import { describe, expect, it } from "vitest";
import { openSource, RangeStream } from "../../src/index.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { failure, file, head, otherFile, partial, partialHead, play, quick } from "./scenario.node.ts";

const right = { send: partial(100, 110) };
const answering = (contentRange: string, fields = {}) => [
  { send: partial(100, 110, { "Content-Range": contentRange, ...fields }) },
];

describe("F2: Content-Range content", () => {
  it("39. a superset with little waste is trimmed", async () => {
    expect(await play({ answers: [{ send: partial(90, 120) }] })).toBe("bytes");
    expect(await play({ answers: [{ send: partial(0, 1000) }] })).toBe("bytes");
  });

  it("39. a superset with more than 1 MiB of waste is RANGE_MISMATCH", async () => {
    const size = 4_000_000;
    const open = { send: partial(0, 10, { "Content-Range": `bytes 0-9/${size}` }) };
    const wasteful = {
      send: [partialHead(0, 10, { "Content-Range": `bytes 0-2999999/${size}`, "Content-Length": 3_000_000 })],
    };
    expect(await play({ open, answers: [wasteful, wasteful] })).toBe("RANGE_MISMATCH");
  });

  it("40. a start after the one asked is RANGE_MISMATCH, after one more try", async () => {
    const late = { send: partial(107, 117) };
    expect(await play({ answers: [late, right] })).toBe("bytes");
    expect(await failure({ answers: [late, late] })).toMatchObject({ code: "RANGE_MISMATCH", attempts: 2 });
  });

  it("41. a legal shorter answer is continued with what is missing", async () => {
    const answers = [
      { expect: { range: "bytes=100-109" }, send: partial(100, 104) },
      { expect: { range: "bytes=104-109" }, send: partial(104, 109) },
      { expect: { range: "bytes=109-109" }, send: partial(109, 110) },
    ];
    expect(await play({ answers })).toBe("bytes");
  });

  it("42. an end past the one asked is cut off", async () => {
    expect(await play({ answers: [{ send: partial(100, 150) }] })).toBe("bytes");
  });

  it("43. an answer that ends at the end of the file tells a secret size: OUT_OF_BOUNDS, not repeated", async () => {
    const open = { send: partial(0, 10, { "Content-Range": "bytes 0-9/*" }) };
    const outcome = await failure({ open, answers: [{ send: partial(990, 1000) }], read: [990, 1010] });
    expect(outcome).toMatchObject({ code: "OUT_OF_BOUNDS", size: 1000 });
  });

  it("44. another total under the same ETag is CHANGED", async () => {
    expect(await play({ answers: answering("bytes 100-109/1001") })).toBe("CHANGED");
  });

  it("45. a total of * is accepted; the size stays as pinned, or a secret", async () => {
    expect(await play({ answers: answering("bytes 100-109/*") })).toBe("bytes");
    const open = { send: partial(0, 10, { "Content-Range": "bytes 0-9/*" }) };
    expect(await play({ open, answers: answering("bytes 100-109/*") })).toBe("bytes");
    expect(await play({ open, read: [-5, -1] })).toBe("UNKNOWN_SIZE");
  });

  it.each([
    ["46. a total before the end", "bytes 100-109/109"],
    ["47. an end before the start", "bytes 109-100/1000"],
    ["48. another unit", "items 100-109/1000"],
    ["49. an equals sign in place of the blank", "bytes=100-109/1000"],
    ["49. a colon in place of the blank", "bytes:100-109/1000"],
    ["49. no unit at all", "100-109/1000"],
    ["51. positions beyond 2^53", "bytes 9007199254740993-9007199254740993/9007199254740994"],
    ["51. positions of 400 digits", `bytes ${"1".repeat(400)}-${"1".repeat(400)}/*`],
    ["53. digits that are not ASCII", "bytes \u00b9-\u00b2/\u00b3"],
    ["53. NaN", "bytes NaN-NaN/NaN"],
    ["53. what a misconfigured Apache writes", "bytes 100-(null)/(null)"],
  ])("%s is BAD_RESPONSE", async (_, contentRange) => {
    expect(await play({ answers: answering(contentRange) })).toBe("BAD_RESPONSE");
  });

  it.each(["Bytes 100-109/1000", "BYTES 100-109/1000"])(
    "48. the unit %s is accepted",
    async (contentRange) => {
      expect(await play({ answers: answering(contentRange) })).toBe("bytes");
    },
  );

  it("50. two Content-Range fields, joined or apart, are BAD_RESPONSE whichever of them fits", async () => {
    expect(await play({ answers: answering("bytes 100-109/1000, bytes 0-9/1000") })).toBe("BAD_RESPONSE");
    const twice = answering("bytes 100-109/1000", { "content-range": "bytes 0-9/1000" });
    expect(await play({ answers: twice })).toBe("BAD_RESPONSE");
  });

  it("52. leading zeros and white space around are accepted, white space within is not", async () => {
    expect(await play({ answers: answering("bytes 0100-0109/01000") })).toBe("bytes");
    expect(await play({ answers: answering("  bytes 100-109/1000\t") })).toBe("bytes");
    expect(await play({ answers: answering("bytes 100 - 109/1000") })).toBe("BAD_RESPONSE");
    expect(await play({ answers: answering("bytes  100-109/1000") })).toBe("BAD_RESPONSE");
  });

  it("54. on a 200 a Content-Range means nothing", async () => {
    const send = [
      head("200 OK", { "Content-Length": 10, "Content-Range": "bytes 100-109/1000", ETag: '"a"' }),
    ];
    expect(
      await play({ answers: [{ send: [...send, file.slice(100, 110)] }], options: { retry: false } }),
    ).toBe("RANGE_IGNORED");
  });

  it("55. a suffix answered from the start of the file is not believed; the tail is asked for by its place", async () => {
    const open = [
      { expect: { range: "bytes=-100" }, send: partial(0, 100) },
      { expect: { range: "bytes=0-32767" }, send: partial(0, 1000) },
      { expect: { range: "bytes=900-999" }, send: partial(900, 1000) },
    ];
    const options = { probe: { suffix: 100 }, cache: { maxBytes: 1000 } };
    expect(await play({ open, read: [900, 1000], options })).toBe("bytes");
  });

  it("56. a suffix of a file of secret size cannot be placed", async () => {
    await using server = await startRawServer([
      { expect: { range: "bytes=-100" }, send: partial(900, 1000, { "Content-Range": "bytes 900-999/*" }) },
      { expect: { range: "bytes=0-32767" }, send: partial(0, 1000, { "Content-Range": "bytes 0-999/*" }) },
    ]);
    const opened = RangeStream.open(`${server.url}/file`, { ...quick, range: { suffix: 100 } });
    await expect(opened).rejects.toMatchObject({ code: "UNKNOWN_SIZE" });
  });

  it("57. the right range of a different file is CHANGED, and not a byte of it is seen", async () => {
    const server = await startRawServer([
      { send: partial(0, 10) },
      { send: [partialHead(100, 110, { ETag: '"b"' }), otherFile.slice(100, 110)] },
      { send: partial(100, 110) },
    ]);
    const source = await openSource(`${server.url}/file`, { ...quick, cache: { maxBytes: 1000 } });
    await expect(source.read([100, 110])).rejects.toMatchObject({ code: "CHANGED" });
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await source.close();
    await server.close();
  });
});
