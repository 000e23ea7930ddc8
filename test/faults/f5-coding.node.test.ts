import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openSource } from "../../src/index.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { failure, file, head, opening, partial, partialHead, play, quick } from "./scenario.node.ts";

const zipped = new Uint8Array(gzipSync(file.slice(100, 110)));

describe("F5: coding and transfer", () => {
  it("91. a 206 coded as gzip is ENCODED before a byte is read, whole stream or slice of one", async () => {
    const coded = { "Content-Encoding": "gzip" };
    expect(await play({ answers: [{ send: partial(100, 110, coded) }] })).toBe("ENCODED");
    const whole = [partialHead(100, 110, { ...coded, "Content-Length": zipped.byteLength }), zipped];
    expect(await play({ answers: [{ send: whole }] })).toBe("ENCODED");
    expect(await play({ answers: [{ send: whole }], options: { client: fetch } })).toBe("ENCODED");
  });

  it("92. a 200, chunked and coded, in spite of `identity` is RANGE_IGNORED; 'download' calls it ENCODED", async () => {
    const fields = { "Transfer-Encoding": "chunked", "Content-Encoding": "gzip" };
    const chunk = [`${zipped.byteLength.toString(16)}\r\n`, zipped, "\r\n0\r\n\r\n"];
    const open = { send: [head("200 OK", fields), ...chunk] };
    expect(await play({ open })).toBe("RANGE_IGNORED");
    expect(await play({ open, options: { ifRangesIgnored: "download" } })).toBe("ENCODED");
  });

  it.each(["identity", "", "Identity"])("93. Content-Encoding: %s is none", async (coding) => {
    expect(await play({ answers: [{ send: partial(100, 110, { "Content-Encoding": coding }) }] })).toBe(
      "bytes",
    );
  });

  it("94. a file that its store unzips on the way (200, no length) is told apart from data", async () => {
    const fields = { "Transfer-Encoding": "chunked", "X-Goog-Stored-Content-Encoding": "gzip" };
    const open = { send: [head("200 OK", fields), "3\r\nabc\r\n0\r\n\r\n"] };
    expect(await failure({ open })).toMatchObject({ code: "RANGE_IGNORED" });
  });

  it.each(["aws-chunked", "br", "gzip, identity", "x".repeat(5000)])(
    "95. Content-Encoding: %s is ENCODED",
    async (coding) => {
      expect(await play({ answers: [{ send: partial(100, 110, { "Content-Encoding": coding }) }] })).toBe(
        "ENCODED",
      );
    },
  );

  it("96. Accept-Encoding is identity on every request, whatever a caller asks for", async () => {
    const identity = { headers: { "accept-encoding": "identity" } };
    await using server = await startRawServer([
      { ...opening, expect: identity },
      { expect: identity, send: partial(100, 110) },
    ]);
    const headers = { "Accept-Encoding": "gzip", Range: "bytes=500-" };
    await using source = await openSource(`${server.url}/file`, { ...quick, headers });
    await source.read([100, 110]);
    expect(server.requests.map(({ range }) => range)).toEqual(["bytes=0-9", "bytes=100-109"]);
  });

  it("97. Transfer-Encoding beside Content-Length never gives wrong bytes", async () => {
    const send = [
      partialHead(100, 110, { "Transfer-Encoding": "chunked" }),
      "a\r\n",
      file.slice(100, 110),
      "\r\n0\r\n\r\n",
    ];
    expect(await failure({ answers: [{ send }] })).toMatchObject({ code: "BAD_RESPONSE", attempts: 1 });
  });
});
