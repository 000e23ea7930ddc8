import { expect, it } from "vitest";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { openZip } from "../../src/zip.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip } from "./build-zip.ts";

// Pages have shared memory only where they are isolated.
it("a zip in memory that another thread may write into is copied before it is checked", async () => {
  const datas = [patternBytes(5000, 1), patternBytes(200_000, 2)];
  const archive = buildZip(datas.map((data, index) => ({ name: `${index}`, data, method: index * 8 })));
  const shared = new Uint8Array(new SharedArrayBuffer(archive.length));
  shared.set(archive);
  const zip = await openZip(shared);
  const read = await zip.readMany(zip.entries);
  for (const [index, data] of datas.entries()) expectSameBytes(read[index] as Uint8Array, data);
  expect(zip.source.receipt.bytesReceived).toBeGreaterThan(205_000);
});
