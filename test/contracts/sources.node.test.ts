import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openSource } from "../../src/index.ts";
import { openFileSource } from "../../src/node.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { sourceContract } from "../../src/testing/source-contract.ts";

const bytes = patternBytes(100_000, 7);
const directory = mkdtempSync(join(tmpdir(), "range-streams-"));
const path = join(directory, "file");
writeFileSync(path, bytes);
afterAll(() => rmSync(directory, { recursive: true }));

describe("the contract of Source, kept by a local file", () => {
  for (const { name, run } of sourceContract({ open: () => openFileSource(path), bytes })) it(name, run);
});

describe("the contract of Source, kept by the engine over a local file", () => {
  const open = async () => {
    const file = await openFileSource(path);
    const source = await openSource(file);
    const close = source.close.bind(source);
    // A Source that was given stays open; here nobody else would close it.
    source.close = () => close().finally(() => file.close());
    return source;
  };
  for (const { name, run } of sourceContract({ open, bytes })) it(name, run);
});

describe("a local file", () => {
  it("that changed is CHANGED, and a missing one NOT_FOUND", async () => {
    const changing = join(directory, "changing");
    writeFileSync(changing, bytes);
    await using source = await openFileSource(changing);
    writeFileSync(changing, bytes.slice(0, 50_000));
    await expect(source.read([0, 10])).rejects.toMatchObject({ code: "CHANGED" });
    await expect(openFileSource(join(directory, "missing"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(openFileSource(directory)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
