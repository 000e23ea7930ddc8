import { describe, expect, it } from "vitest";
import { compareValidators, isStrongEntityTag, readValidators } from "./validators.ts";

const read = (fields: Record<string, string>) => readValidators(new Headers(fields));

describe("readValidators", () => {
  it("calls strong what has a strong ETag, and nothing else", () => {
    expect(read({ etag: '"a"' }).strength).toBe("strong");
    expect(read({ etag: 'W/"a"' }).strength).toBe("weak");
    expect(read({ etag: "0x8DBF" }).strength).toBe("weak");
    expect(read({ "last-modified": "Wed, 25 Nov 2026 10:00:00 GMT" }).strength).toBe("weak");
    expect(read({}).strength).toBe("none");
  });
});

describe("isStrongEntityTag", () => {
  it.each(['"a"', '""', '"a-b:c/d"'])("accepts %j", (tag) => {
    expect(isStrongEntityTag(tag)).toBe(true);
  });
  it.each(['W/"a"', "a", '"', '"a"b"', '"a b"', '"a\u0007"', `"${"x".repeat(2000)}"`])(
    "refuses %j",
    (tag) => {
      expect(isStrongEntityTag(tag)).toBe(false);
    },
  );
});

describe("compareValidators", () => {
  const date = "Wed, 25 Nov 2026 10:00:00 GMT";
  const later = "Wed, 25 Nov 2026 11:00:00 GMT";
  it.each([
    [{ etag: '"a"' }, { etag: '"a"' }, "same"],
    [{ etag: '"a"' }, { etag: '"b"' }, "changed"],
    [{ etag: '"a"', "last-modified": date }, { etag: '"a"', "last-modified": later }, "same"],
    [{ etag: 'W/"a"' }, { etag: 'W/"a"' }, "same"],
    [{ etag: 'W/"a"', "last-modified": date }, { etag: 'W/"a"', "last-modified": later }, "changed"],
    [{ etag: 'W/"a"' }, { etag: '"a"' }, "same"],
    [{ etag: '"a"' }, {}, "unproven"],
    [{ etag: '"a"', "last-modified": date }, { "last-modified": date }, "unproven"],
    [{ etag: '"a"', "last-modified": date }, { "last-modified": later }, "changed"],
    [{ "last-modified": date }, { "last-modified": date }, "same"],
    [{ "last-modified": date }, { "last-modified": later }, "changed"],
    [{ "last-modified": date }, {}, "unproven"],
    [{}, {}, "same"],
    [{}, { etag: '"b"' }, "same"],
  ])("%j against %j is %s", (pinned, got, verdict) => {
    expect(compareValidators(read(pinned as never), read(got as never))).toBe(verdict);
  });
});
