import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { buildTar } from "../../../test/tar/build-tar.ts";
import { openTar } from "./open-tar.ts";

const TAR = buildTar([{ name: "a.txt", data: "first" }]);

it("a tar in a Buffer gives copies, though a slice of a Buffer is none", async () => {
  const buffer = Buffer.from(TAR);
  await using tar = await openTar(buffer);
  const bytes = await tar.get("a.txt").bytes();
  bytes.fill(0);
  expect(await tar.get("a.txt").text()).toBe("first");
  expect([...buffer]).toEqual([...TAR]);
});

it("a tar in shared memory, which may change between two looks at it, is read through its source", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(TAR.length));
  shared.set(TAR);
  await using tar = await openTar(shared);
  const [bytes] = await tar.readMany(tar.entries);
  expect(bytes?.buffer).toBeInstanceOf(ArrayBuffer);
  expect(await tar.get("a.txt").text()).toBe("first");
  expect(tar.source.receipt.requests).toBeGreaterThan(0);
});
