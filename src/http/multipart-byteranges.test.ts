import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import { MultipartByteranges, type MultipartEvent } from "./multipart-byteranges.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const asked = { url: "https://example.org/file", ask: { kind: "list", ranges: [new Range(0, 9)] } } as const;
const parser = (boundary = "b"): MultipartByteranges => new MultipartByteranges(boundary, asked);
const latin1 = (text: string): Bytes => Uint8Array.from(text, (character) => character.charCodeAt(0));

function join(...pieces: (string | Bytes)[]): Bytes {
  const all = pieces.map((piece) => (typeof piece === "string" ? latin1(piece) : piece));
  const joined = new Uint8Array(all.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of all) {
    joined.set(piece, at);
    at += piece.byteLength;
  }
  return joined;
}

/** What a body says, pushed in chunks of at most `step` bytes; a part that is not complete has no `whole`. */
function readParts(body: Bytes, { step = body.byteLength, reader = parser() } = {}) {
  const parts: { range: string; total: number | undefined; bytes: number[]; whole?: true }[] = [];
  const take = (event: MultipartEvent): void => {
    const part = parts.at(-1);
    if (event.kind === "part") parts.push({ range: String(event.range), total: event.total, bytes: [] });
    else if (part === undefined) throw new Error(`${event.kind} before any part`);
    else if (event.kind === "complete") part.whole = true;
    else {
      expect(event.at).toBe(Range.parse(part.range).start + part.bytes.length);
      part.bytes.push(...event.bytes);
    }
  };
  let error: unknown;
  try {
    for (let at = 0; at < body.byteLength; at += step) {
      for (const event of reader.push(body.slice(at, at + step))) take(event);
    }
    reader.finish();
  } catch (thrown) {
    error = thrown;
  }
  return { parts, error: error as { code?: string; message: string } | undefined };
}

/** One part as an honest server writes it, the line break of its delimiter included. */
const part = (start: number, bytes: Bytes | string, fields = ""): Bytes => {
  const data = typeof bytes === "string" ? latin1(bytes) : bytes;
  return join(
    `\r\n--b\r\n${fields}Content-Range: bytes ${start}-${start + data.byteLength - 1}/1000\r\n\r\n`,
    data,
  );
};
const close = "\r\n--b--\r\n";

describe("MultipartByteranges", () => {
  it("reads the example of RFC 9110 section 14.6", () => {
    const body = join(
      "--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 500-502/8000\r\n\r\n",
      "abc",
      "\r\n--THIS_STRING_SEPARATES\r\nContent-Type: application/pdf\r\nContent-Range: bytes 7000-7001/8000\r\n\r\n",
      "de",
      "\r\n--THIS_STRING_SEPARATES--\r\n",
    );
    const { parts, error } = readParts(body, { reader: parser("THIS_STRING_SEPARATES") });
    expect(error).toBeUndefined();
    expect(parts).toEqual([
      { range: "[500, 503)", total: 8000, bytes: [97, 98, 99], whole: true },
      { range: "[7000, 7002)", total: 8000, bytes: [100, 101], whole: true },
    ]);
  });

  it("gives back the bytes of any parts, however they are cut, under any boundary", () => {
    const bytes = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((array): Bytes => Uint8Array.from(array));
    // Data made of the very pieces that a delimiter is made of.
    const tricky = fc
      .array(fc.constantFrom("\r", "\n", "--", "b", "--b", "\r\n--b", "\r\n--b--", ".*", "Content-Range: "), {
        minLength: 1,
        maxLength: 8,
      })
      .map((pieces) => join(...pieces));
    const pieces = fc.record({
      start: fc.nat({ max: 2 ** 40 }),
      data: fc.oneof(bytes, tricky),
      total: fc.boolean(),
      padding: fc.constantFrom("", " ", "\t  "),
      fields: fc.constantFrom("", "Content-Type: a/b\r\n", "X-Empty:\r\n"),
    });
    const property = fc.property(
      fc.array(pieces, { minLength: 1, maxLength: 6 }),
      fc.constantFrom("b", "--", ".*+?[x]{2}", "a b", "x".repeat(90)),
      fc.constantFrom("", "\r\n", "\r\n\r\n\r\n"),
      fc.integer({ min: 1, max: 60 }),
      (list, boundary, preamble, step) => {
        const body = join(
          preamble,
          ...list.flatMap(({ start, data, total, padding, fields }, index) => {
            const field = `content-RANGE:bytes ${start}-${start + data.byteLength - 1}/${total ? 2 ** 50 : "*"}`;
            return [`${index === 0 ? "" : "\r\n"}--${boundary}${padding}\r\n${fields}${field}\r\n\r\n`, data];
          }),
          `\r\n--${boundary}--epilogue, whatever it says\r\n--${boundary}\r\n`,
        );
        const { parts, error } = readParts(body, { step, reader: parser(boundary) });
        expect(error).toBeUndefined();
        expect(parts).toEqual(
          list.map(({ start, data, total }) => ({
            range: `[${start}, ${start + data.byteLength})`,
            total: total ? 2 ** 50 : undefined,
            bytes: [...data],
            whole: true,
          })),
        );
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it("of a body cut anywhere keeps the parts whose delimiter came, and calls it SHORT_BODY", () => {
    const bodies = [part(5, "hello"), part(100, "--b--"), part(3, "\r\n")];
    const body = join(...bodies, close);
    const closing = body.byteLength - close.length;
    for (let length = 0; length < closing + 7; length++) {
      const { parts, error } = readParts(body.slice(0, length), { step: 3 });
      expect(error).toMatchObject({ code: "SHORT_BODY", retryable: true });
      let end = 0;
      // A delimiter and its line break, or its second dash, stand behind a part that is whole.
      const whole = bodies.filter(({ byteLength }) => {
        end += byteLength;
        return length >= end + 7;
      });
      expect(parts.filter((one) => one.whole === true)).toHaveLength(whole.length);
    }
    expect(readParts(body.slice(0, closing + 7)).error).toBeUndefined();
  });

  const right = part(0, "abc");
  it.each<[what: string, body: Bytes]>([
    ["a body without any delimiter", latin1("just some text, and no boundary")],
    ["text before the first delimiter", join("This is a multi-part message\r\n", right, close)],
    ["another boundary than declared", join("\r\n--c\r\nContent-Range: bytes 0-2/1000\r\n\r\nabc\r\n--c--")],
    ["a boundary that goes on", join("\r\n--bb\r\nContent-Range: bytes 0-2/1000\r\n\r\nabc\r\n--bb--")],
    ["a delimiter with one dash", join(right, "\r\n--b-\r\n")],
    ["a body without a part", latin1("--b--\r\n")],
    [
      "data shorter than its Content-Range",
      join("--b\r\nContent-Range: bytes 0-9/1000\r\n\r\nabc", close, "and more"),
    ],
    ["data longer than its Content-Range", join("--b\r\nContent-Range: bytes 0-1/1000\r\n\r\nabc", close)],
    ["lines that end in LF alone", join("--b\nContent-Range: bytes 0-2/1000\n\nabc\n--b--\n")],
    [
      "a header line that ends in LF alone",
      join("--b\r\nX: y\nContent-Range: bytes 0-2/1000\r\n\r\nabc", close),
    ],
    ["a bare CR in a header line", join("--b\r\nX: y\rContent-Range: bytes 0-2/1000\r\n\r\nabc", close)],
    ["a folded header", join("--b\r\nContent-Range: bytes\r\n 0-2/1000\r\n\r\nabc", close)],
    ["a header line without a colon", join("--b\r\nContent-Range\r\n\r\nabc", close)],
    ["a blank before a colon", join("--b\r\nContent-Range : bytes 0-2/1000\r\n\r\nabc", close)],
    ["a part without headers", join("--b\r\n\r\nabc", close)],
    ["a part without Content-Range", join("--b\r\nContent-Type: a/b\r\n\r\nabc", close)],
    ["two Content-Range fields", part(0, "abc", "Content-Range: bytes 0-2/1000\r\n")],
    ["another unit", join("--b\r\nContent-Range: items 0-2/1000\r\n\r\nabc", close)],
    ["a Content-Range without a range", join("--b\r\nContent-Range: bytes */1000\r\n\r\nabc", close)],
    ["a reversed Content-Range", join("--b\r\nContent-Range: bytes 2-0/1000\r\n\r\nabc", close)],
    ["a Content-Range past its total", join("--b\r\nContent-Range: bytes 0-2/2\r\n\r\nabc", close)],
  ])("refuses %s as BAD_RESPONSE", (_, body) => {
    for (const step of [1, 1000]) {
      expect(readParts(body, { step }).error).toMatchObject({ code: "BAD_RESPONSE", retryable: false });
    }
  });

  it("refuses a coded part as ENCODED, and none that is coded as itself", () => {
    const coded = join(part(0, "abc", "Content-Encoding: gzip\r\n"), close);
    expect(readParts(coded).error).toMatchObject({ code: "ENCODED" });
    expect(readParts(join(part(0, "abc", "Content-Encoding: identity\r\n"), close)).error).toBeUndefined();
  });

  it("says what was asked and what came back", () => {
    const { error } = readParts(join("--b\r\nContent-Range: items 0-2/9\r\n\r\nabc", close));
    expect(error?.message).toContain(
      "GET https://example.org/file (bytes=0-8): got a part with Content-Range",
    );
    expect(error?.message).toContain('"items 0-2/9"');
  });

  it("takes a header block of almost 16 KiB, and no larger one", () => {
    const padded = (bytes: number): Bytes =>
      join(part(0, "abc", `X-Padding: ${"x".repeat(bytes)}\r\n`), close);
    expect(readParts(padded(16_000)).error).toBeUndefined();
    for (const body of [
      padded(16_384),
      padded(100 * 1024),
      join("--b", " ".repeat(20_000)),
      latin1("\r\n".repeat(9000)),
    ]) {
      expect(readParts(body).error).toMatchObject({ code: "BAD_RESPONSE" });
    }
  });

  it("hands out views of the chunk that was pushed, and copies nothing", () => {
    const body = join(part(0, "abc"), close);
    const data = [...parser().push(body)].filter((event) => event.kind === "data");
    expect(data).toHaveLength(1);
    expect(data[0]?.bytes.buffer).toBe(body.buffer);
  });

  it("is linear: a megabyte of almost-boundaries, of empty headers, of tiny parts, byte by byte", () => {
    const almost = join("--b\r\nContent-Range: bytes 0-999999/*\r\n\r\n", "\r\n--".repeat(250_000), close);
    const tiny = join(...Array.from({ length: 20_000 }, () => part(0, "x")), close);
    const many = join("--b\r\n", "X:\r\n".repeat(250_000));
    const count = (body: Bytes, step: number): Record<string, number> => {
      const counts: Record<string, number> = { bytes: 0, complete: 0 };
      const reader = parser();
      for (let at = 0; at < body.byteLength; at += step) {
        for (const event of reader.push(body.subarray(at, at + step))) {
          if (event.kind === "data") counts["bytes"] = (counts["bytes"] ?? 0) + event.bytes.byteLength;
          if (event.kind === "complete") counts["complete"] = (counts["complete"] ?? 0) + 1;
        }
      }
      reader.finish();
      return counts;
    };
    const began = performance.now();
    for (const step of [1, 4096]) {
      expect(count(almost, step)).toEqual({ bytes: 1_000_000, complete: 1 });
      expect(count(tiny, step)).toEqual({ bytes: 20_000, complete: 20_000 });
      expect(() => count(many, step)).toThrow(expect.objectContaining({ code: "BAD_RESPONSE" }));
    }
    expect(performance.now() - began).toBeLessThan(4000);
  });
});
