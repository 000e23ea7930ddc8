import { describe, expect, test } from "vitest";
import { apache } from "./apache.node.ts";
import { caddy } from "./caddy.node.ts";

/** More than the buffers of a connection hold, so that a server is not through with it before it is read. */
const LONG = new Uint8Array(32 << 20);

for (const kind of [apache, caddy]) {
  describe.skipIf(kind.version === undefined)(`${kind.name}, which answers by several threads`, () => {
    test("is said to have been asked in the order in which it was, whichever answer was through first", async () => {
      await using server = await kind.start({ "long.bin": LONG, "short.bin": new Uint8Array(10) });
      const visit = server.visit();
      const long = await fetch(visit.url("long.bin"));
      await (await fetch(visit.url("short.bin"))).arrayBuffer();
      await long.arrayBuffer();
      expect(await visit.requests(2)).toEqual(["200 GET /long.bin", "200 GET /short.bin"]);
    });
  });
}
