import { expect, it } from "vitest";
import { nameMismatch } from "./name-mismatch.ts";

it.each<[string, string | undefined]>([
  ["https://example.com/a/photo.JPG?x=y.zip", "jpeg"],
  ["https://example.com/data.parquet#part.zip", "parquet"],
  ["report.docx", "zip"],
  ["archive.tar.gz", "gzip"],
  ["photo.avif", "heif"],
  ["notes.txt", undefined],
  ["noname", "zip"],
  ["folder.zip/noname", "png"],
  [".zip", undefined],
  ["data.bin", "zip"],
  ["https://example.com", undefined],
])("finds %s in order where its bytes are of type %s", (name, type) => {
  expect(nameMismatch(name, type)).toBeUndefined();
});

it("tells of a name that promises another type", () => {
  expect(nameMismatch("https://example.com/photo.png?v=2", "jpeg")).toBe(
    "the name ends in .png, but its bytes are those of type jpeg",
  );
  expect(nameMismatch("C:\\files\\a.zip", undefined)).toBe(
    "the name ends in .zip, but its first bytes bear no mark of that type",
  );
  expect(nameMismatch("page.html", "zip")).toBe(
    "the name ends in .html, but its bytes are those of type zip",
  );
});
