import { describe, expect, it } from "vitest";
import { Range } from "../ranges/range.ts";
import type { Expectation } from "./expectation.ts";
import { boundaryOf, checkPartTotal, verifyList } from "./multipart-response.ts";
import type { ListAsk } from "./range-header.ts";

const ask: ListAsk = { kind: "list", ranges: [new Range(0, 3), new Range(7, 9)] };
const validators = { strength: "strong", etag: '"a"' } as const;
const expected: Expectation<ListAsk> = {
  url: "https://example.org/file",
  ask,
  pinned: { validators, size: 11 },
  identity: "verify",
};
const answer = (status: number, fields: Record<string, string>, filtered = false) => ({
  status,
  headers: new Headers(fields),
  filtered,
});
const multipart = { "content-type": "multipart/byteranges; boundary=b", etag: '"a"' };
const single = { "content-range": "bytes 0-2/11", "content-length": "3", etag: '"a"' };

describe("boundaryOf", () => {
  it("is that of a 206 without a Content-Range of its own", () => {
    expect(boundaryOf(answer(206, multipart))).toBe("b");
    expect(boundaryOf(answer(200, multipart))).toBeUndefined();
    expect(boundaryOf(answer(206, { ...multipart, "content-range": "bytes 0-2/11" }))).toBeUndefined();
    expect(boundaryOf(answer(206, { etag: '"a"' }))).toBeUndefined();
  });
});

describe("verifyList", () => {
  it("takes parts and a single span of the pinned file", () => {
    expect(verifyList(expected, answer(206, multipart))).toMatchObject({ kind: "parts", boundary: "b" });
    const span = verifyList(expected, answer(206, single));
    expect(span).toMatchObject({ kind: "span", total: 11, lengthDeclared: true });
    expect(span.kind === "span" && String(span.body)).toBe("[0, 3)");
  });

  it("tells of a validator that went missing", () => {
    const { etag: _, ...anonymous } = multipart;
    expect(verifyList(expected, answer(206, anonymous))).toMatchObject({ unproven: true });
  });

  it("tells where a browser cannot see where a single span lies", () => {
    const hidden = answer(206, { "content-length": "3" }, true);
    expect(() => verifyList(expected, hidden)).toThrow(expect.objectContaining({ code: "RANGE_MISMATCH" }));
  });

  it.each<[code: string, status: number, fields: Record<string, string>]>([
    ["RANGE_IGNORED", 200, { etag: '"a"' }],
    ["CHANGED", 200, { etag: '"b"' }],
    ["CHANGED", 206, { ...multipart, etag: '"b"' }],
    ["CHANGED", 206, { ...single, "content-range": "bytes 0-2/12" }],
    ["CHANGED", 412, {}],
    ["ENCODED", 206, { ...multipart, "content-encoding": "gzip" }],
    ["BAD_RESPONSE", 206, { etag: '"a"' }],
    ["BAD_RESPONSE", 206, { ...multipart, "content-type": "multipart/byteranges" }],
    ["BAD_RESPONSE", 206, { ...single, "content-length": "4" }],
    ["RANGE_MISMATCH", 206, { ...single, "content-range": "bytes 3-5/11" }],
    ["HTTP_STATUS", 416, {}],
    ["HTTP_STATUS", 501, {}],
    ["RATE_LIMITED", 429, {}],
  ])("refuses with %s a %i of %j", (code, status, fields) => {
    const refused = expect.objectContaining({ code, status });
    expect(() => verifyList(expected, answer(status, fields))).toThrow(refused);
  });
});

describe("checkPartTotal", () => {
  it("passes on what the parts agree on, `*` included", () => {
    expect(checkPartTotal(expected, { total: 11, known: undefined })).toBe(11);
    expect(checkPartTotal(expected, { total: undefined, known: 11 })).toBe(11);
    expect(checkPartTotal(expected, { total: undefined, known: undefined })).toBeUndefined();
  });

  it("is CHANGED against the pinned size, and BAD_RESPONSE between two parts where none is pinned", () => {
    const wrong = (one: Expectation<ListAsk>, code: string) =>
      expect(() => checkPartTotal(one, { total: 12, known: 11 })).toThrow(expect.objectContaining({ code }));
    wrong(expected, "CHANGED");
    wrong({ ...expected, pinned: { validators, size: undefined } }, "BAD_RESPONSE");
    wrong({ ...expected, identity: "ignore" }, "BAD_RESPONSE");
  });
});
