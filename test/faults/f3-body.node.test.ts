import { describe, expect, it } from "vitest";
import { openSource } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { startRangeServer } from "../../src/testing/range-server.node.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { failure, file, opening, partial, partialHead, play, quick, until } from "./scenario.node.ts";

const rest = (start: number) => ({ expect: { range: `bytes=${start}-109` }, send: partial(start, 110) });
const chunked = { "Content-Length": undefined, "Transfer-Encoding": "chunked" };
const closing = { "Content-Length": undefined, Connection: "close" };
/** A chunk of a chunked body. */
const chunk = (start: number, end: number) => [
  `${(end - start).toString(16)}\r\n`,
  file.slice(start, end),
  "\r\n",
];

describe("F3: body", () => {
  it("58. fewer bytes than declared, then the end: resumed at the byte reached, under the pinned identity", async () => {
    const cut = { send: [partialHead(100, 110), file.slice(100, 104), { close: "end" }] } as const;
    const resumed = {
      expect: { range: "bytes=104-109", headers: { "if-match": '"a"' } },
      send: partial(104, 110),
    };
    expect(await play({ answers: [cut, resumed] })).toBe("bytes");
  });

  it("58. without another try it is NETWORK or SHORT_BODY, never a short read", async () => {
    const cut = { send: [partialHead(100, 110), file.slice(100, 104), { close: "end" }] } as const;
    expect(["NETWORK", "SHORT_BODY"]).toContain(await play({ answers: [cut], options: { retry: false } }));
  });

  it("59. a body that ends with its connection, short: found out by its span and resumed", async () => {
    const cut = { send: [partialHead(100, 110, closing), file.slice(100, 104), { close: "end" }] } as const;
    expect(await play({ answers: [cut, rest(104)] })).toBe("bytes");
    expect(await play({ answers: [cut], options: { retry: false } })).toBe("SHORT_BODY");
  });

  it("60. a Content-Length smaller than the span is BAD_RESPONSE before a byte is read", async () => {
    const send = [partialHead(100, 110, { "Content-Length": 3 }), file.slice(100, 103)];
    expect(await play({ answers: [{ send }] })).toBe("BAD_RESPONSE");
  });

  it("61. a Content-Length larger than the span is BAD_RESPONSE", async () => {
    const send = [partialHead(100, 110, { "Content-Length": 12 }), file.slice(100, 112)];
    expect(await play({ answers: [{ send }] })).toBe("BAD_RESPONSE");
  });

  it("62. more chunks than the span holds are BAD_RESPONSE", async () => {
    const together = [partialHead(100, 110, chunked), ...chunk(100, 112), "0\r\n\r\n"];
    expect(await play({ answers: [{ send: together }] })).toBe("BAD_RESPONSE");
    const apart = [
      partialHead(100, 110, chunked),
      ...chunk(100, 110),
      { waitMs: 20 },
      ...chunk(110, 112),
      "0\r\n\r\n",
    ];
    expect(await play({ answers: [{ send: apart }] })).toBe("BAD_RESPONSE");
  });

  it("63. chunks that break off are resumed; where only the last, empty one is missing nothing is", async () => {
    const cut = { send: [partialHead(100, 110, chunked), ...chunk(100, 106), { close: "end" }] } as const;
    expect(await play({ answers: [cut, rest(106)] })).toBe("bytes");
    const complete = {
      send: [partialHead(100, 110, chunked), ...chunk(100, 110), { close: "end" }],
    } as const;
    expect(await play({ answers: [complete] })).toBe("bytes");
  });

  it("64. bytes after a declared end belong to nobody: the answer is right and its connection not used again", async () => {
    const server = await startRawServer([
      opening,
      { send: [partialHead(100, 110), file.slice(100, 110), "garbage that is no answer\r\n\r\n"] },
      { send: partial(200, 210) },
    ]);
    const source = await openSource(`${server.url}/file`, quick);
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expectSameBytes(await source.read([200, 210]), file.slice(200, 210));
    expect(server.requests[2]?.connection).not.toBe(server.requests[1]?.connection);
    await source.close();
    await server.close();
  });

  it.each([0, 1, 9, 10])("65. a reset after %i of 10 bytes needs exactly the others", async (count) => {
    const send = [
      partialHead(100, 110),
      file.slice(100, 100 + count),
      { waitMs: 20 },
      { close: "reset" },
    ] as const;
    const answers = count === 10 ? [{ send }] : [{ send }, rest(100 + count)];
    expect(await play({ answers })).toBe("bytes");
  });

  it("66. a reset after every byte gets there, since progress counts; without any it ends after the tries", async () => {
    const drop = (start: number) => ({
      expect: { range: `bytes=${start}-109` },
      send: [
        partialHead(start, 110),
        file.slice(start, start + 1),
        { waitMs: 5 },
        { close: "reset" },
      ] as const,
    });
    expect(await play({ answers: Array.from({ length: 10 }, (_, index) => drop(100 + index)) })).toBe(
      "bytes",
    );
    const nothing = { send: [partialHead(100, 110), { waitMs: 5 }, { close: "reset" }] } as const;
    const outcome = await failure({ answers: [nothing, nothing, nothing] });
    expect(outcome).toMatchObject({ code: "NETWORK", attempts: 3 });
  });

  it("67. a stall after the headers or amid the body is TIMEOUT (idle), and tried again", async () => {
    const timeouts = { idleMs: 60 };
    const silent = { send: [partialHead(100, 110)] };
    const halting = { send: [partialHead(100, 110), file.slice(100, 105)] };
    expect(await play({ answers: [silent], options: { timeouts, retry: false } })).toBe("TIMEOUT");
    expect(await play({ answers: [halting], options: { timeouts, retry: false } })).toBe("TIMEOUT");
    expect(await play({ answers: [halting, rest(105)], options: { timeouts } })).toBe("bytes");
  });

  it("67. a body that drips just fast enough ends at the total limit", async () => {
    const drips = Array.from({ length: 10 }, (_, index) => [
      file.slice(100 + index, 101 + index),
      { waitMs: 60 },
    ]).flat();
    const options = { timeouts: { idleMs: 200, totalMs: 250 } };
    const begun = performance.now();
    expect(await play({ answers: [{ send: [partialHead(100, 110), ...drips] }], options })).toBe("TIMEOUT");
    expect(performance.now() - begun).toBeLessThan(1500);
  });

  it("68. one byte at a time and 64 MiB at once give the same bytes", async () => {
    const bytewise = [...file.slice(100, 110)].flatMap((byte) => [Uint8Array.of(byte), { waitMs: 1 }]);
    expect(await play({ answers: [{ send: [partialHead(100, 110), ...bytewise] }] })).toBe("bytes");
    const size = 64 * 1024 * 1024;
    const large = patternBytes(size, 5);
    await using server = await startRangeServer({ files: { large } });
    await using source = await openSource(`${server.url}/large`, { cache: false });
    const got = await source.read([0, size]);
    expect(Buffer.compare(got, large)).toBe(0);
  });

  it("69. an empty body for a span is BAD_RESPONSE where it is declared, and tried again where it is not", async () => {
    expect(await play({ answers: [{ send: [partialHead(100, 110, { "Content-Length": 0 })] }] })).toBe(
      "BAD_RESPONSE",
    );
    const empty = { send: [partialHead(100, 110, chunked), "0\r\n\r\n"] };
    expect(await play({ answers: [empty, rest(100)] })).toBe("bytes");
    expect(await play({ answers: [empty], options: { retry: false } })).toBe("SHORT_BODY");
  });

  it("71. two answers exchanged by a proxy are told by their Content-Range", async () => {
    expect(await play({ answers: [{ send: partial(500, 510) }, rest(100)] })).toBe("bytes");
    expect(await play({ answers: [{ send: partial(500, 510) }], options: { retry: false } })).toBe(
      "RANGE_MISMATCH",
    );
  });

  it("72. a slow consumer holds the server back, and is not taken for a stall", async () => {
    const size = 32 * 1024 * 1024;
    await using server = await startRangeServer({
      files: { large: { size, read: (_, end) => new Uint8Array(end - _) } },
    });
    await using source = await openSource(`${server.url}/large`, { cache: false, timeouts: { idleMs: 100 } });
    const reader = source.stream([0, size]).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const sent = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    expect((await reader.read()).value?.byteLength).toBeGreaterThan(0);
    expect(source.receipt.retries).toBe(0);
    await reader.cancel();
  });

  it("73. a consumer that stops midway frees the connection and disturbs nobody", async () => {
    const large = patternBytes(4 * 1024 * 1024, 6);
    await using server = await startRangeServer({ files: { large } });
    await using source = await openSource(`${server.url}/large`, { cache: false, maxConnections: 2 });
    const stopped = source.stream([0, large.byteLength]).getReader();
    const other = source.stream([1_000_000, 3_000_000]);
    await stopped.read();
    const finished = new Response(other).arrayBuffer();
    await stopped.cancel("enough");
    expect(Buffer.compare(new Uint8Array(await finished), large.slice(1_000_000, 3_000_000))).toBe(0);
    await source.close();
    await until(() => server.connections === 0);
  });
});
