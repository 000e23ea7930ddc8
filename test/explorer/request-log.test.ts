import { afterEach, expect, it, vi } from "vitest";
import { RequestLog } from "../../explorer/request-log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A clock that is set by hand, and a fetch whose bodies are fed by hand. */
function imitate(): { at(ms: number): void; bodies: ReadableStreamDefaultController<Uint8Array>[] } {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void bodies.push(controller) });
    return new Response(body, { status: 206 });
  });
  return {
    at: (ms) => {
      now = ms;
    },
    bodies,
  };
}

it("takes down range, status, bytes and time of a request, and tells of every change", async () => {
  const { at, bodies } = imitate();
  let changes = 0;
  const log = new RequestLog(() => {
    changes += 1;
  });
  at(100);
  const response = await log.fetch("https://a.example/x", { headers: { range: "bytes=0-3" } });
  expect(log.requests).toMatchObject([
    { number: 1, range: "bytes=0-3", status: 206, bytes: 0, outcome: "running" },
  ]);
  bodies[0]?.enqueue(new Uint8Array(4));
  bodies[0]?.close();
  at(130);
  const reader = response.body?.getReader();
  expect((await reader?.read())?.value?.length).toBe(4);
  expect((await reader?.read())?.done).toBe(true);
  expect(log.requests).toMatchObject([{ bytes: 4, startedAt: 100, endedAt: 130, outcome: "done" }]);
  expect(changes).toBe(4);
});

it("tells the rate while bodies come, those that come together counted once, and no time of waiting", async () => {
  const { at, bodies } = imitate();
  const log = new RequestLog(() => undefined);
  expect(log.rate(0)).toBe(undefined);
  const [first, second] = await Promise.all([
    log.fetch("https://a.example/x"),
    log.fetch("https://a.example/x"),
  ]);
  for (const body of bodies) body.enqueue(new Uint8Array(1000));
  await first.body?.getReader().read();
  await second.body?.getReader().read();
  expect(log.rate(1)).toBe(undefined);
  expect(log.rate(10)).toBe(200);
  at(1000);
  expect(log.busyMs(1000)).toBe(1000);
});

it("says of a request that it was left, or failed", async () => {
  const { bodies } = imitate();
  const log = new RequestLog(() => undefined);
  const left = await log.fetch("https://a.example/x");
  await left.body?.cancel();
  const broken = await log.fetch("https://a.example/x");
  bodies[1]?.error(new TypeError("cut"));
  await expect(broken.body?.getReader().read()).rejects.toThrow("cut");
  vi.mocked(globalThis.fetch).mockRejectedValueOnce(new TypeError("refused"));
  await expect(log.fetch("https://a.example/x")).rejects.toThrow("refused");
  expect(log.requests.map(({ outcome, status }) => [outcome, status])).toEqual([
    ["left", 206],
    ["failed", 206],
    ["failed", undefined],
  ]);
});

it("asks past the cache of the browser, which answers ranges for a server that has none", async () => {
  imitate();
  await new RequestLog(() => undefined).fetch("https://a.example/x", { headers: { range: "bytes=0-3" } });
  expect(vi.mocked(globalThis.fetch).mock.calls[0]?.[1]?.cache).toBe("no-store");
});
