import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import type { Expectation, Pinned, ResponseHead } from "./expectation.ts";
import { verifyResponse } from "./verify-response.ts";

const url = "http://host/file";
const pinned: Pinned = { validators: { strength: "strong", etag: '"a"' }, size: 100 };
const asking = (start: number, end: number, more: Partial<Expectation> = {}): Expectation => ({
  url,
  ask: { kind: "span", range: new Range(start, end) },
  identity: "verify",
  ...more,
});
const head = (fields: Record<string, string>, more: Partial<ResponseHead> = {}): ResponseHead => ({
  status: 206,
  headers: new Headers(fields),
  filtered: false,
  ...more,
});
const codeOf = (expected: Expectation, answer: ResponseHead): string => {
  try {
    verifyResponse(expected, answer);
    return "accepted";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("verifyResponse", () => {
  it("says the same of an answer that is exact to the letter and of one written otherwise", () => {
    const fields = fc.record(
      {
        "content-range": fc.constantFrom(
          "bytes 10-19/100",
          "bytes 10-19/*",
          "bytes 10-14/100",
          "bytes 10-19/15",
        ),
        "content-length": fc.constantFrom("10", "010", "5", "x"),
        "content-encoding": fc.constantFrom("identity", "gzip"),
        etag: fc.constantFrom('"a"', '"b"', 'W/"a"'),
        "last-modified": fc.constantFrom("Tue, 01 Oct 2024 00:00:00 GMT", "Wed, 02 Oct 2024 00:00:00 GMT"),
      },
      { requiredKeys: ["content-range"] },
    );
    const validators = fc.constantFrom<Pinned["validators"]>(
      { strength: "strong", etag: '"a"' },
      { strength: "weak", etag: 'W/"a"', lastModified: "Tue, 01 Oct 2024 00:00:00 GMT" },
      { strength: "none" },
    );
    const identity = fc.constantFrom("verify" as const, "strict" as const, "ignore" as const);
    fc.assert(
      fc.property(fields, validators, identity, fc.boolean(), (given, pinnedTo, held, filtered) => {
        const expected = asking(10, 20, { identity: held, pinned: { validators: pinnedTo, size: 100 } });
        const judge = (range: string | undefined): unknown => {
          const all: Record<string, string | undefined> = { ...given, "content-range": range };
          const headers = { get: (name: string) => all[name] ?? null };
          try {
            const { body, wanted, ...rest } = verifyResponse(expected, { status: 206, headers, filtered });
            return { body: String(body), wanted: String(wanted), ...rest };
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        // The blank is trimmed, and compares as nothing that was expected.
        expect(judge(given["content-range"])).toEqual(judge(`${given["content-range"]} `));
      }),
      { numRuns: 2000 },
    );
  });

  it("accepts exactly what was asked, and tells total and validators", () => {
    const fields = { "content-range": "bytes 10-19/100", "content-length": "10", etag: '"a"' };
    const verified = verifyResponse(asking(10, 20, { pinned }), head(fields));
    expect(verified.wanted.equals(new Range(10, 20))).toBe(true);
    expect(verified).toMatchObject({ total: 100, lengthDeclared: true, unproven: false });
    expect(verified.validators).toMatchObject({ strength: "strong", etag: '"a"' });
  });

  it("accepts a shorter answer that begins where asked, since RFC 9110 allows it", () => {
    const verified = verifyResponse(asking(10, 20), head({ "content-range": "bytes 10-14/100" }));
    expect(verified.wanted.equals(new Range(10, 15))).toBe(true);
  });

  it("trims a superset with little waste and refuses one with much", () => {
    const verified = verifyResponse(asking(10, 20), head({ "content-range": "bytes 0-29/100" }));
    expect(verified.body.equals(new Range(0, 30))).toBe(true);
    expect(verified.wanted.equals(new Range(10, 20))).toBe(true);
    const wasteful = head({ "content-range": "bytes 0-2000000/2000001" });
    expect(codeOf(asking(10, 20), wasteful)).toBe("RANGE_MISMATCH");
  });

  it.each([
    ["a shifted range", { "content-range": "bytes 17-26/100" }, "RANGE_MISMATCH"],
    ["another place altogether", { "content-range": "bytes 50-59/100" }, "RANGE_MISMATCH"],
    ["no Content-Range", { "content-length": "10" }, "BAD_RESPONSE"],
    ["two joined Content-Ranges", { "content-range": "bytes 10-19/100, bytes 0-9/100" }, "BAD_RESPONSE"],
    ["the form of a 416", { "content-range": "bytes */100" }, "BAD_RESPONSE"],
    [
      "a Content-Length too small",
      { "content-range": "bytes 10-19/100", "content-length": "9" },
      "BAD_RESPONSE",
    ],
    [
      "a Content-Length too large",
      { "content-range": "bytes 10-19/100", "content-length": "11" },
      "BAD_RESPONSE",
    ],
    [
      "a Content-Length of nonsense",
      { "content-range": "bytes 10-19/100", "content-length": "1e1" },
      "BAD_RESPONSE",
    ],
    ["a content coding", { "content-range": "bytes 10-19/100", "content-encoding": "gzip" }, "ENCODED"],
    ["another ETag", { "content-range": "bytes 10-19/100", etag: '"b"' }, "CHANGED"],
    ["another total", { "content-range": "bytes 10-19/101", etag: '"a"' }, "CHANGED"],
  ])("refuses %s", (_, fields, code) => {
    expect(codeOf(asking(10, 20, { pinned }), head(fields as never))).toBe(code);
  });

  it("accepts an explicit identity coding", () => {
    const fields = { "content-range": "bytes 10-19/100", "content-encoding": "identity" };
    expect(codeOf(asking(10, 20), head(fields))).toBe("accepted");
  });

  it.each([
    [200, "RANGE_IGNORED"],
    [204, "BAD_RESPONSE"],
    [299, "BAD_RESPONSE"],
    [302, "REDIRECT"],
    [401, "AUTH"],
    [403, "AUTH"],
    [404, "NOT_FOUND"],
    [410, "NOT_FOUND"],
    [416, "HTTP_STATUS"],
    [418, "HTTP_STATUS"],
    [429, "RATE_LIMITED"],
    [503, "HTTP_STATUS"],
  ])("names a status of %i %s", (status, code) => {
    expect(codeOf(asking(0, 10), head({}, { status }))).toBe(code);
  });

  it.each([404, 410, 412])("takes a %i after open for a change", (status) => {
    expect(codeOf(asking(0, 10, { pinned }), head({}, { status }))).toBe("CHANGED");
  });

  it("takes a 200 with another validator for a change, one with the same for an ignored range", () => {
    expect(codeOf(asking(0, 10, { pinned }), head({ etag: '"b"' }, { status: 200 }))).toBe("CHANGED");
    expect(codeOf(asking(0, 10, { pinned }), head({ etag: '"a"' }, { status: 200 }))).toBe("RANGE_IGNORED");
  });

  it("marks only what may pass as retryable", () => {
    const retryable = (status: number): boolean => {
      try {
        verifyResponse(asking(0, 10), head({}, { status }));
        return false;
      } catch (error) {
        return (error as { retryable: boolean }).retryable;
      }
    };
    expect([408, 425, 429, 500, 502, 503, 504, 520, 524].filter((status) => !retryable(status))).toEqual([]);
    expect([200, 204, 302, 400, 401, 403, 404, 416, 501, 505, 507, 511, 525].filter(retryable)).toEqual([]);
  });

  it("says of another file that it changed before it says that 'strict' wants a stronger ETag", () => {
    // As Apache, whose ETag is weak while the file is younger than a second.
    const fields = { "content-range": "bytes 10-19/100", etag: 'W/"b"' };
    expect(codeOf(asking(10, 20, { pinned, identity: "strict" }), head(fields))).toBe("CHANGED");
    const same = { ...fields, etag: 'W/"a"' };
    expect(codeOf(asking(10, 20, { pinned, identity: "strict" }), head(same))).toBe("NO_IDENTITY");
  });

  it("refuses under 'strict' whatever has no strong ETag, and compares nothing under 'ignore'", () => {
    const fields = { "content-range": "bytes 10-19/100" };
    expect(codeOf(asking(10, 20, { identity: "strict" }), head(fields))).toBe("NO_IDENTITY");
    expect(codeOf(asking(10, 20, { identity: "strict" }), head({ ...fields, etag: 'W/"a"' }))).toBe(
      "NO_IDENTITY",
    );
    expect(codeOf(asking(10, 20, { identity: "strict" }), head({ ...fields, etag: '"a"' }))).toBe("accepted");
    const other = head({ "content-range": "bytes 10-19/500", etag: '"b"' });
    expect(codeOf(asking(10, 20, { identity: "ignore", pinned }), other)).toBe("accepted");
  });

  it("says when a pinned validator went missing and only the size spoke", () => {
    const verified = verifyResponse(asking(10, 20, { pinned }), head({ "content-range": "bytes 10-19/100" }));
    expect(verified.unproven).toBe(true);
  });

  it("believes a suffix only where it ends the file", () => {
    const asked: Expectation = { url, ask: { kind: "suffix", length: 10 }, identity: "verify" };
    expect(codeOf(asked, head({ "content-range": "bytes 90-99/100" }))).toBe("accepted");
    expect(codeOf(asked, head({ "content-range": "bytes 0-3/4" }))).toBe("accepted");
    expect(codeOf(asked, head({ "content-range": "bytes 0-9/100" }))).toBe("RANGE_MISMATCH");
    expect(codeOf(asked, head({ "content-range": "bytes 90-99/*" }))).toBe("RANGE_MISMATCH");
  });

  it("believes a hidden Content-Range only by a length equal to the span", () => {
    const hidden = { filtered: true };
    const verified = verifyResponse(asking(10, 20), head({ "content-length": "10", etag: '"a"' }, hidden));
    expect(verified.wanted.equals(new Range(10, 20))).toBe(true);
    expect(verified.validators.strength).toBe("weak");
    expect(codeOf(asking(10, 20), head({ "content-length": "9" }, hidden))).toBe("RANGE_MISMATCH");
    expect(codeOf(asking(10, 20), head({}, hidden))).toBe("RANGE_MISMATCH");
  });

  it("says in three parts what was asked, what came and what to do, without echoing more than a little", () => {
    const long = { "content-range": `bytes ${"9".repeat(100_000)}` };
    try {
      verifyResponse(asking(10, 20), head(long));
      expect.unreachable();
    } catch (error) {
      const { message } = error as Error;
      expect(message).toMatch(/^GET http:\/\/host\/file \(bytes=10-19\): got .+; .+/);
      expect(message.length).toBeLessThan(400);
    }
  });
});
