import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ParsedHead, ResponseParser, ResponseSyntaxError } from "./response-parser.ts";

const latin1 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

interface Outcome {
  status: number | undefined;
  body: string;
  /** Bytes that belong to the response. */
  taken: number;
  over: boolean;
  persistent: boolean;
  error: unknown;
  head: ParsedHead | undefined;
}

/** What is made of an answer that comes in pieces of at most `step` bytes; `ends` closes the connection after it. */
function read(answer: string, { method = "GET", step = answer.length, ends = false } = {}): Outcome {
  let head: ParsedHead | undefined;
  let body = "";
  let taken = 0;
  let error: unknown;
  const parser = new ResponseParser({
    onHead: (got) => {
      expect(head).toBeUndefined();
      head = got;
    },
    onData: (chunk) => {
      expect(head).toBeDefined();
      expect(chunk.byteLength).toBeGreaterThan(0);
      body += String.fromCharCode(...chunk);
    },
  });
  parser.begin(method);
  const bytes = latin1(answer);
  try {
    for (let at = 0; at < bytes.byteLength && !parser.isOver; at += step)
      taken += parser.push(bytes.slice(at, at + step));
    if (ends) parser.end();
  } catch (thrown) {
    error = thrown;
  }
  const { isOver: over, isPersistent: persistent } = parser;
  return { status: head?.status, body, taken, over, persistent, error, head };
}

/** An answer of these lines and this body. */
const answer = (lines: string[], body = ""): string => `${lines.join("\r\n")}\r\n\r\n${body}`;
const OK = "HTTP/1.1 206 Partial Content";

describe("a response", () => {
  it("has a head with fields by any case of their names, without the blanks around their values", () => {
    const { status, head } = read(answer([OK, 'ETag:  "a b"\t ', "content-RANGE: bytes 0-0/1", "Empty:"]));
    expect(status).toBe(206);
    expect(
      ["etag", "ETag", "Content-Range", "empty", "absent"].map((name) => head?.headers.get(name)),
    ).toEqual(['"a b"', '"a b"', "bytes 0-0/1", "", null]);
  });

  it("joins what is repeated, and gives what is not ASCII byte by byte", () => {
    const { head } = read(answer([OK, "Vary: a", "vary: b", "Location: /\u00c3\u00a9", "X: \u00ff"]));
    expect(head?.headers.get("vary")).toBe("a, b");
    expect(head?.headers.get("location")).toBe("/\u00c3\u00a9");
    expect(head?.headers.get("x")).toBe("\u00ff");
  });

  it("need not have a reason, nor the space before it", () => {
    expect(read(answer(["HTTP/1.1 200 ", "Content-Length: 0"]))).toMatchObject({ status: 200, over: true });
    expect(read(answer(["HTTP/1.1 200", "Content-Length: 0"]))).toMatchObject({ status: 200, over: true });
  });

  it("comes after any number of interim ones", () => {
    const interim = `${answer(["HTTP/1.1 100 Continue"])}${answer(["HTTP/1.1 103 Early Hints", "Link: </a>"])}`;
    const got = read(interim + answer([OK, "Content-Length: 2"], "ab"));
    expect(got).toMatchObject({ status: 206, body: "ab", over: true });
    expect(got.head?.headers.get("link")).toBeNull();
  });
});

describe("a body", () => {
  it.each<[what: string, answer: string, options: object, got: Partial<Outcome>]>([
    [
      "of a length",
      answer([OK, "Content-Length: 3"], "abc"),
      {},
      { body: "abc", over: true, persistent: true },
    ],
    ["of no bytes", answer([OK, "Content-Length: 0"]), {}, { body: "", over: true }],
    ["that is not all there", answer([OK, "Content-Length: 4"], "abc"), {}, { body: "abc", over: false }],
    ["that breaks off", answer([OK, "Content-Length: 4"], "abc"), { ends: true }, { over: false }],
    ["without a length, still open", answer([OK], "abc"), {}, { body: "abc", over: false }],
    ["without a length, at its end", answer([OK], "abc"), { ends: true }, { over: true, persistent: false }],
    [
      "in chunks",
      answer([OK, "Transfer-Encoding: Chunked"], '1\r\na\r\n02;x="y"\r\nbc\r\n0\r\n\r\n'),
      {},
      { body: "abc", over: true },
    ],
    [
      "with trailers",
      answer([OK, "Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\nX: y\r\n\r\n"),
      {},
      { body: "abc", over: true },
    ],
    [
      "in chunks that break off",
      answer([OK, "Transfer-Encoding: chunked"], "3\r\nabc\r\n"),
      { ends: true },
      { body: "abc", over: false },
    ],
    ["of HEAD", answer([OK, "Content-Length: 9"]), { method: "HEAD" }, { over: true, persistent: true }],
    ["of 204", answer(["HTTP/1.1 204 None"]), {}, { over: true, persistent: true }],
    ["of 304", answer(["HTTP/1.1 304 Same", "Content-Length: 9"]), {}, { over: true }],
    [
      "with a length beyond all numbers",
      answer([OK, `Content-Length: ${"9".repeat(400)}`], "abc"),
      { ends: true },
      { body: "abc", over: false },
    ],
  ])("%s", (_what, text, options, expected) => {
    const got = read(text, options);
    expect(got.error).toBeUndefined();
    expect(got).toMatchObject({ ...expected, taken: text.length });
  });

  it("ends where it ends, whatever follows", () => {
    const one = answer([OK, "Content-Length: 2"], "ab");
    expect(read(`${one}HTTP/1.1 200 OK`)).toMatchObject({ body: "ab", over: true, taken: one.length });
  });

  it.each([
    ["HTTP/1.1 200 OK", "close", false],
    ["HTTP/1.1 200 OK", "keep-alive, Close", false],
    ["HTTP/1.1 200 OK", "keep-alive", true],
    ["HTTP/1.0 200 OK", "", false],
    ["HTTP/1.0 200 OK", "Keep-Alive", true],
  ])("leaves the connection to others or not: %s with Connection: %s", (line, connection, persistent) => {
    const text = answer([line, `Connection: ${connection}`, "Content-Length: 0"]);
    expect(read(text)).toMatchObject({ over: true, persistent });
  });
});

describe("refused as no HTTP/1.1, or as what two readers may read in two ways:", () => {
  const chunked = (body: string): string => answer([OK, "Transfer-Encoding: chunked"], body);
  it.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["another version", answer(["HTTP/2 200 OK"])],
    ["a status of two digits", answer(["HTTP/1.1 20 OK"])],
    ["a status below 100", answer(["HTTP/1.1 099 OK"])],
    ["blanks before the status", answer(["HTTP/1.1  200 OK"])],
    ["an empty line first", `\r\n${answer([OK, "Content-Length: 0"])}`],
    ["a switch of protocols", answer(["HTTP/1.1 101 Switching", "Upgrade: x"])],
    ["two lengths", answer([OK, "Content-Length: 1", "Content-Length: 2"], "ab")],
    ["the same length twice", answer([OK, "Content-Length: 2", "Content-Length: 2"], "ab")],
    ["a list of lengths", answer([OK, "Content-Length: 2, 2"], "ab")],
    ["a negative length", answer([OK, "Content-Length: -1"])],
    ["a length with a sign", answer([OK, "Content-Length: +1"], "a")],
    ["a hexadecimal length", answer([OK, "Content-Length: 0x1"], "a")],
    ["an empty length", answer([OK, "Content-Length:"])],
    [
      "a length beside a coding",
      answer([OK, "Content-Length: 1", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    ],
    ["a coding that is not chunked", answer([OK, "Transfer-Encoding: gzip"])],
    ["two codings", answer([OK, "Transfer-Encoding: gzip, chunked"])],
    ["a coding in HTTP/1.0", answer(["HTTP/1.0 200 OK", "Transfer-Encoding: chunked"], "0\r\n\r\n")],
    ["a space before the colon", answer([OK, "Content-Length : 1"], "a")],
    ["a field without a name", answer([OK, ": 1"])],
    ["a line without a colon", answer([OK, "nothing"])],
    ["a folded field", answer([OK, "A: b", " c"])],
    ["a control character", answer([OK, "A: b\u0000c"])],
    ["a CR inside a field", answer([OK, "A: b\rContent-Length: 1"])],
    ["a bare LF", answer([`${OK}\nContent-Length: 1`], "a")],
    ["a chunk without a size", chunked("\r\n\r\n")],
    ["a size that is no number", chunked("1g\r\na\r\n")],
    ["a negative size", chunked("-1\r\n")],
    ["a size beyond all numbers", chunked("fffffffffffffff\r\n")],
    ["a size that ends without CR", chunked("1\na\r\n0\r\n\r\n")],
    ["a chunk longer than its size", chunked("1\r\nab\r\n0\r\n\r\n")],
    ["a trailer that is no field", chunked("0\r\nnothing\r\n\r\n")],
  ])("%s", (_what, text) => {
    for (const step of [text.length, 1])
      expect(read(text, { step }).error).toBeInstanceOf(ResponseSyntaxError);
  });

  it.each([
    ["a head", "", (size: number) => `${OK}\r\nA: ${"b".repeat(size)}`, 16 * 1024],
    [
      "a chunk's size",
      answer([OK, "Transfer-Encoding: chunked"]),
      (size: number) => `1;${"x".repeat(size)}`,
      4096,
    ],
    [
      "trailers",
      answer([OK, "Transfer-Encoding: chunked"]),
      (size: number) => `0\r\n${"A: bcdefg\r\n".repeat(size / 11 + 1)}`,
      16 * 1024,
    ],
  ])("%s without an end, when it passes its limit", (_what, before, endless, limit) => {
    const left = read(before + endless(limit - 100), { step: 1000 });
    expect(left.error).toBeUndefined();
    expect(read(before + endless(limit), { step: 1000 }).error).toBeInstanceOf(ResponseSyntaxError);
  });

  it("says what it saw, in a form that no terminal obeys", () => {
    expect(read("\u001b[2Jx\r\n\r\n").error).toMatchObject({
      message: 'no status line of HTTP/1.1: "\\u001b[2Jx"',
    });
  });
});

describe("however a response is cut into pieces", () => {
  const chunks = fc.array(fc.string({ minLength: 1, maxLength: 20, unit: "binary-ascii" }), { maxLength: 8 });

  it("it reads the same", () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 30 }), fc.boolean(), (parts, step, coded) => {
        const body = parts.join("");
        const framed = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
        const text = coded
          ? answer([OK, "Transfer-Encoding: chunked"], `${framed}0\r\n\r\n`)
          : answer([OK, `Content-Length: ${body.length}`], body);
        const got = read(`${text}more`, { step });
        expect(got).toMatchObject({ body, over: true, persistent: true, error: undefined });
        expect(got.taken).toBe(text.length);
      }),
    );
  });
});
