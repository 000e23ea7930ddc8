import { describe, expect, it } from "vitest";
import { openSource } from "./open.ts";
import { bytesSource } from "./source/bytes-source.ts";
import type { Source } from "./source/source.ts";

const bytes = Uint8Array.of(1, 2, 3);

/** As Node's Buffer: `slice` gives a view. */
class Sharing extends Uint8Array<ArrayBuffer> {
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return super.subarray(start, end);
  }
}

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

  it.each([100, 100_000])(
    "lets nobody change what the next reader of %i bytes gets, whatever array a Source gives",
    async (length) => {
      const whole = bytesSource(new Uint8Array(200_000).fill(7));
      const mine: Source = {
        ...whole,
        read: async (range, options) => new Sharing((await whole.read(range, options)).buffer),
        stream: (range, options) =>
          whole
            .stream(range, options)
            .pipeThrough(
              new TransformStream({ transform: (chunk, to) => to.enqueue(new Sharing(chunk.buffer)) }),
            ),
      };
      await using source = await openSource(mine);
      for (const _ of [1, 2, 3]) {
        const read = await source.read([1000, 1000 + length]);
        expect(read).toEqual(new Uint8Array(length).fill(7));
        read.fill(1);
      }
      for await (const chunk of source.stream([1000, 1000 + length])) chunk.fill(1);
      expect(await source.read([1000, 1003])).toEqual(Uint8Array.of(7, 7, 7));
    },
  );

  it.each([100, 100_000])(
    "lets nobody change what the next reader of %i bytes gets, whatever array a client's bodies give",
    async (length) => {
      const client: typeof fetch = async (_, init) => {
        const [start, last] = (new Headers(init?.headers).get("range") ?? "")
          .slice("bytes=".length)
          .split("-")
          .map(Number);
        const end = Math.min(200_000, Number(last) + 1);
        const chunk = new Sharing(new Uint8Array(end - Number(start)).fill(7).buffer);
        const body = new ReadableStream({
          start(controller) {
            controller.enqueue(chunk);
            controller.close();
          },
        });
        const headers = { etag: '"one"', "content-range": `bytes ${start}-${end - 1}/200000` };
        return new Response(body, { status: 206, headers });
      };
      await using source = await openSource("https://example.org/file", { client, policy: "lean" });
      for (const _ of [1, 2, 3]) {
        const read = await source.read([50_000, 50_000 + length]);
        expect(read).toEqual(new Uint8Array(length).fill(7));
        read.fill(1);
      }
      expect(await source.read([50_000, 50_003])).toEqual(Uint8Array.of(7, 7, 7));
    },
  );

  it("refuses what is none of these", async () => {
    for (const input of [undefined, null, 7, {}, [1, 2]])
      await expect(openSource(input as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("rejects with the reason of a signal that is aborted", async () => {
    const reason = new Error("enough");
    await expect(openSource(bytes, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
