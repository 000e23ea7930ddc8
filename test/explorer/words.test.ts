import { describe, expect, it } from "vitest";
import { formatDeepLink, parseDeepLink, resolveUrl } from "../../explorer/deep-link.ts";
import { contentHeight, rowWindow, scrollTopFor } from "../../explorer/row-window.ts";
import { decodeText, sniffKind } from "../../explorer/sniff-kind.ts";
import {
  baseName,
  formatBytes,
  formatDuration,
  formatHex,
  formatShare,
  safeFileName,
  visibleName,
  visibleText,
} from "../../explorer/text.ts";

describe("what the explorer writes", () => {
  it("writes out whatever cannot be seen in a name, or would turn the rest around", () => {
    expect(visibleName("\u202egnp.exe")).toBe("\\u{202e}gnp.exe");
    expect(visibleName("a\u0000\u001b[2Jb\u200b\ufeff")).toBe("a\\u{0}\\u{1b}[2Jb\\u{200b}\\u{feff}");
    expect(visibleName("\ud800x \u{e0041}")).toBe("\\u{d800}x \\u{e0041}");
    expect(visibleName("größe 日本.txt")).toBe("größe 日本.txt");
  });

  it("leaves lines and tabs of a text, and writes out what reorders it", () => {
    expect(visibleText("if (\u2066x\u2069)\n\tok")).toBe("if (\\u{2066}x\\u{2069})\n\tok");
  });

  it("saves under a name of one part that no system takes for something else", () => {
    expect(
      [
        "../../etc/passwd",
        "a\\b\\c.txt",
        "\u202egnp.exe",
        "..",
        "",
        'x<y>:"|?*.txt',
        ".hidden",
        "trail. ",
      ].map(safeFileName),
    ).toEqual(["passwd", "c.txt", "gnp.exe", "download", "download", "x_y______.txt", "hidden", "trail"]);
    expect(safeFileName("x".repeat(5000)).length).toBe(200);
    expect(baseName("a/b/")).toBe("b");
  });

  it("writes sizes, shares and times with as many digits as say something", () => {
    expect([0, 999, 1000, 999_950, 8_634_000, Number.POSITIVE_INFINITY].map(formatBytes)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "1.0 MB",
      "8.6 MB",
      "unknown size",
    ]);
    expect(
      [
        [0, 5],
        [1, 1e9],
        [1, 300],
        [98_304, 8_634_000],
        [1, 2],
        [9999, 10_000],
        [5, 5],
      ].map(([part = 0, all = 0]) => formatShare(part, all)),
    ).toEqual(["0 %", "< 0.001 %", "0.33 %", "1.1 %", "50 %", "99.9 %", "100 %"]);
    expect([3.4, 1500, 125_000, 7.2e6].map(formatDuration)).toEqual(["3 ms", "1.5 s", "2 min 5 s", "2.0 h"]);
  });

  it("writes bytes as people look at them, the last line as long as it is", () => {
    expect(formatHex(Uint8Array.from({ length: 18 }, (_, index) => 0x3a + index))).toBe(
      "00000000  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  :;<=>?@ABCDEFGHI\n" +
        `00000010  4a 4b${" ".repeat(45)}JK`,
    );
  });
});

describe("links to the explorer", () => {
  it("say a file and members in members, and are read back", () => {
    const link = { url: "https://a.example/x.zip?v=1&w=2", path: ["in ner.zip", "a/b&c=#.txt"] };
    const text = formatDeepLink(link) ?? "";
    expect(parseDeepLink(text)).toEqual(link);
    expect(parseDeepLink("")).toEqual({ url: undefined, path: [] });
    expect(formatDeepLink({ url: undefined, path: [] })).toBe(undefined);
  });

  it("hold no password", () => {
    expect(formatDeepLink({ url: "https://user:secret@a.example/x.zip", path: [] })).toBe(undefined);
  });

  it("open http and https alone", () => {
    const base = "https://page.example/explorer/";
    expect(
      ["https://a.example/x", " http://a.example/x ", "a.example/x.zip", "files/x.zip"].map((text) =>
        resolveUrl(text, base),
      ),
    ).toEqual([
      "https://a.example/x",
      "http://a.example/x",
      "https://a.example/x.zip",
      "https://page.example/explorer/files/x.zip",
    ]);
    expect(
      ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://"].map((text) =>
        resolveUrl(text, base),
      ),
    ).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("an address that is typed", () => {
  it("is absolute, or begins with a host: a plain word is none, whatever the page would make of it", () => {
    expect(resolveUrl("a.example/x.zip")).toBe("https://a.example/x.zip");
    expect(resolveUrl(" http://a.example/x ")).toBe("http://a.example/x");
    expect(["garbage", "files/x.zip", "/x.zip", "", " "].map((text) => resolveUrl(text))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("what the explorer takes a file for", () => {
  const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

  it("is told by its bytes", () => {
    expect(sniffKind(bytes("PK\x03\x04 and more"), true).kind).toBe("archive");
    expect(sniffKind(bytes("\x89PNG\r\n\x1a\n"), false)).toEqual({ kind: "png", imageType: "image/png" });
    expect(sniffKind(bytes("\xff\xd8\xff\xe0"), true)).toEqual({ kind: "image", imageType: "image/jpeg" });
    expect(sniffKind(bytes("<svg onload=x>"), true)).toEqual({ kind: "text", imageType: undefined });
    expect(sniffKind(bytes("a\0b"), true).kind).toBe("bytes");
    expect(sniffKind(bytes("\xc3\x28"), true).kind).toBe("bytes");
    expect(sniffKind(new Uint8Array(0), true).kind).toBe("text");
  });

  it("is a text although its last character is cut, where more follows", () => {
    const cut = new TextEncoder().encode("grüße").subarray(0, 3);
    expect(decodeText(cut, false)).toBe("gr");
    expect(decodeText(cut, true)).toBe(undefined);
  });
});

describe("the lines in sight", () => {
  const list = { rowHeight: 30, viewHeight: 300 };

  it("are those at the place of scrolling and a few beyond", () => {
    expect(rowWindow({ ...list, count: 1000, scrollTop: 0 })).toEqual({ first: 0, last: 18, top: 0 });
    expect(rowWindow({ ...list, count: 1000, scrollTop: 3000 })).toEqual({ first: 92, last: 118, top: 2760 });
    expect(rowWindow({ ...list, count: 3, scrollTop: 0 })).toEqual({ first: 0, last: 3, top: 0 });
  });

  it("reach the last one of a million, although no browser draws so tall a page", () => {
    const count = 1_000_000;
    const height = contentHeight(count, 30);
    expect(height).toBe(8_000_000);
    const { first, last, top } = rowWindow({ ...list, count, scrollTop: height - 300 });
    expect(last).toBe(count);
    expect(top + (last - first) * 30).toBeCloseTo(height, 3);
    expect(scrollTopFor(count - 1, { ...list, count, scrollTop: 0 })).toBeCloseTo(height - 300, 3);
    const middle = scrollTopFor(500_000, { ...list, count, scrollTop: 0 });
    const seen = rowWindow({ ...list, count, scrollTop: middle });
    expect(seen.first).toBeLessThan(500_000);
    expect(seen.last).toBeGreaterThan(500_000);
  });

  it("move only as far as a line needs", () => {
    const scrolled = { ...list, count: 100, scrollTop: 600 };
    expect([25, 20, 29, 19, 30].map((row) => scrollTopFor(row, scrolled))).toEqual([600, 600, 600, 570, 630]);
    expect(scrollTopFor(2, { ...list, count: 5, scrollTop: 0 })).toBe(0);
  });
});
