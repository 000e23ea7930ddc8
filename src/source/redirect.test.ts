import { expect, it } from "vitest";
import { isRedirect, redirectTarget } from "./redirect.ts";

const answer = (location?: string) => ({
  status: 302,
  headers: new Headers(location === undefined ? {} : { location }),
});

it("resolves a Location against the URL that gave it, and takes its fragment off", () => {
  expect(redirectTarget("http://a/b/c?d", answer("e#f"))).toBe("http://a/b/e");
  expect(redirectTarget("http://a/b", answer("//c/d"))).toBe("http://c/d");
  expect(redirectTarget("http://a/b", answer("https://c/d"))).toBe("https://c/d");
});

it("takes the bytes of a Location for UTF-8 where they can be that", () => {
  expect(redirectTarget("http://a/", answer("/\u00c3\u00a9"))).toBe("http://a/%C3%A9");
  expect(redirectTarget("http://a/", answer("/\u00e9"))).toBe("http://a/%C3%A9");
});

it("100. refuses the way from https: to http:", () => {
  expect(() => redirectTarget("https://a/b", answer("http://a/b"))).toThrow(
    expect.objectContaining({ code: "REDIRECT" }),
  );
});

it("follows what RFC 9110 calls a redirect to another place, and nothing else", () => {
  expect([300, 301, 302, 303, 304, 305, 307, 308].filter(isRedirect)).toEqual([301, 302, 303, 307, 308]);
});
