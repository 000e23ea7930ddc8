import { expect, it } from "vitest";
import { openSource } from "../../src/index.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

it("a stream that is cancelled while a read waits leaves no timer, long before its source closes", async () => {
  let answers = 0;
  const client: typeof fetch = (_url, init) => {
    if (answers++ > 0) {
      return new Promise((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    }
    const headers = { "content-range": "bytes 0-9/100000", "content-length": "10", etag: '"a"' };
    return Promise.resolve(new Response(new Uint8Array(10), { status: 206, headers }));
  };
  await using source = await openSource("http://127.0.0.1:9/file", { client, probe: [0, 10] });
  const before = timers();
  const reader = source.stream([50_000]).getReader();
  const reading = reader.read();
  await expect.poll(() => answers).toBe(2);
  await reader.cancel();
  expect((await reading).done).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(timers()).toBeLessThanOrEqual(before);
});
