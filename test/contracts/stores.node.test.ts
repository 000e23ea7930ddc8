import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import type { BlockStore } from "../../src/index.ts";
import { diskStore } from "../../src/node.ts";
import { blockStoreContract } from "../../src/testing/block-store-contract.ts";

const root = mkdtempSync(join(tmpdir(), "range-streams-stores-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("the contract of BlockStore, kept by a directory", () => {
  const paths = new WeakMap<BlockStore, string>();
  const open = (path = join(mkdtempSync(join(root, "store-")), "blocks")): BlockStore => {
    const store = diskStore(path);
    paths.set(store, path);
    return store;
  };
  const cases = blockStoreContract({ open: () => open(), reopen: (store) => open(paths.get(store)) });
  for (const { name, run } of cases) it(name, run);
});
