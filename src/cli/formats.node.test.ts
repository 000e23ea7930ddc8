import { describe, expect, it } from "vitest";
import { Range, RangeSet } from "../index.ts";
import { escapeText, formatJson } from "./escape-text.ts";
import { formatBytes } from "./format-bytes.ts";
import { formatEntries } from "./format-entries.ts";
import { formatReceipt, formatShare, reportReceipt } from "./format-receipt.ts";
import { formatStrip } from "./format-strip.ts";
import { sniffType } from "./sniff-type.ts";

describe("escapeText", () => {
  it("leaves ordinary text of any script alone", () => {
    expect(escapeText("ł 日本 a\\b 'x' 😀")).toBe("ł 日本 a\\b 'x' 😀");
  });

  it("writes out whatever a terminal would act upon", () => {
    expect(escapeText("\u001b[31m\r\n\t\u0007\u007f\u009b")).toBe(
      "\\u001b[31m\\u000d\\u000a\\u0009\\u0007\\u007f\\u009b",
    );
    expect(escapeText("gpj.\u202eexe\u2066\u2028\u200f")).toBe("gpj.\\u202eexe\\u2066\\u2028\\u200f");
  });
});

describe("formatJson", () => {
  it("holds no character that a terminal acts upon, and parses to the same value", () => {
    const value = { name: "\u001b[2J\u009b\u202e\u2028\n", list: [1, null] };
    const json = formatJson(value);
    expect(JSON.parse(json)).toEqual(value);
    expect(escapeText(json.replaceAll("\n", ""))).toBe(json.replaceAll("\n", ""));
  });
});

describe("formatBytes", () => {
  it.each([
    [0, "0 B"],
    [187, "187 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [65_536, "65.5 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [8_400_123, "8.4 MB"],
    [5e12, "5.0 TB"],
    [Number.POSITIVE_INFINITY, "unknown size"],
  ])("writes %d as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe("the receipt", () => {
  const receipt = {
    requests: 2,
    retries: 0,
    bytesWanted: 70_000,
    bytesReceived: 65_536,
    cacheHits: 1,
    ranges: new RangeSet(),
  };

  it("says requests, bytes and share in one line", () => {
    const report = reportReceipt({ receipt, size: 8_400_123 });
    expect(formatReceipt(report)).toBe("receipt: 2 requests, 65.5 kB moved, 0.8 % of 8.4 MB");
    expect(formatReceipt({ ...report, requests: 1 })).toContain("1 request,");
  });

  it("leaves the share out where the size is unknown or nothing", () => {
    const unknown = reportReceipt({ receipt, size: Number.POSITIVE_INFINITY });
    expect(unknown).toMatchObject({ size: null, share: null });
    expect(formatReceipt(unknown)).toBe("receipt: 2 requests, 65.5 kB moved");
    expect(reportReceipt({ receipt, size: 0 }).share).toBeNull();
  });

  it("never shows a little as nothing", () => {
    expect(formatShare(0.0001)).toBe("< 0.1 %");
    expect(formatShare(0)).toBe("0.0 %");
    expect(formatShare(1)).toBe("100.0 %");
  });
});

describe("formatEntries", () => {
  it("aligns its columns and escapes names", () => {
    const entry = {
      kind: "file" as const,
      storedSize: 1,
      method: "store",
      modified: "2024-02-01T12:00:00.000Z",
    };
    const text = formatEntries([
      { ...entry, name: "a\nb", size: 5 },
      { ...entry, name: "c", size: 1200, method: "deflate", modified: null },
    ]);
    expect(text).toBe("   5  2024-02-01 12:00  store    a\\u000ab\n1200  -                 deflate  c\n");
  });

  it("writes nothing for no entries", () => {
    expect(formatEntries([])).toBe("");
  });
});

describe("formatStrip", () => {
  it("tells cells of which nothing, something and everything was fetched", () => {
    expect(formatStrip([new Range(0, 10), new Range(25, 26)], 40, 4)).toBe("█·▒·");
  });

  it("adds up ranges that share a cell", () => {
    expect(formatStrip([new Range(0, 5), new Range(5, 10)], 20, 2)).toBe("█·");
  });

  it("draws an empty file, and one smaller than the strip", () => {
    expect(formatStrip([], 0, 3)).toBe("···");
    expect(formatStrip([new Range(0, 2)], 2, 4)).toBe("·█·█");
  });
});

describe("sniffType", () => {
  const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

  it.each([
    ["zip", "PK\x03\x04rest"],
    ["zip", "PK\x05\x06"],
    ["png", "\x89PNG\r\n\x1a\n"],
    ["gzip", "\x1f\x8b\x08\x00"],
    ["tar", `${"n".repeat(257)}ustar`],
    ["mp4", "\x00\x00\x00\x20ftypisom"],
    ["gif", "GIF89a"],
    ["webp", "RIFF\x01\x02\x03\x04WEBPVP8X"],
    ["jpeg", "\xff\xd8\xff\xe1"],
    ["zstd", "\x28\xb5\x2f\xfd"],
    ["7z", "7z\xbc\xaf\x27\x1c"],
    ["parquet", "PAR1"],
    ["pmtiles", "PMTiles\x03"],
    ["sqlite", "SQLite format 3\x00"],
    ["pdf", "%PDF-1.7"],
  ])("knows a %s by its first bytes", (type, head) => {
    expect(sniffType(bytes(head))).toBe(type);
  });

  it("knows nothing of other bytes and of a head cut short", () => {
    expect(sniffType(bytes("PK\x00\x01"))).toBeUndefined();
    expect(sniffType(bytes("\x89PN"))).toBeUndefined();
    expect(sniffType(bytes("RIFF\x01\x02\x03\x04WAVE"))).toBeUndefined();
    expect(sniffType(new Uint8Array(0))).toBeUndefined();
  });
});
