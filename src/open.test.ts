import { describe, expect, it } from "vitest";
import { openSource } from "./open.ts";
import { bytesSource } from "./source/bytes-source.ts";

const bytes = Uint8Array.of(1, 2, 3);

describe("openSource of what is no URL", () => {
  it.each([
    ["bytes", bytes],
    ["a Blob", new Blob([bytes])],
  ])("opens %s", async (_what, input) => {
    const source = await openSource(input);
    expect(await source.read([1])).toEqual(bytes.slice(1));
    await source.close();
    await expect(source.read([1])).rejects.toMatchObject({ code: "CLOSED" });
  });

  it("leaves a Source of the caller's open", async () => {
    const mine = bytesSource(bytes);
    await (await openSource(mine)).close();
    expect(await mine.read([0])).toEqual(bytes);
    await mine.close();
  });

  it("refuses what is none of these", async () => {
    for (const input of [undefined, null, 7, {}, [1, 2]])
      await expect(openSource(input as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("rejects with the reason of a signal that is aborted", async () => {
    const reason = new Error("enough");
    await expect(openSource(bytes, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
