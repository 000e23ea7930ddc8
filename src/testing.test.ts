import { patternBytes, recordingSource, sourceContract, startRangeServer } from "range-streams/testing";
import { expect, test } from "vitest";
import { bytesSource } from "./source/bytes-source.ts";

test("the door can be imported in a browser too: only starting a server needs Node", async () => {
  const bytes = patternBytes(64);
  const [first] = sourceContract({ open: async () => recordingSource(bytesSource(bytes)), bytes });
  await first?.run();
  expect(first?.name).toMatch(/^a source tells/);
  expect(startRangeServer).toBeTypeOf("function");
});
