import { afterEach, describe, expect, it } from "vitest";
import { type OpenOptions, openSource, RangeStream } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import {
  type RangeServer,
  type RangeServerOptions,
  startRangeServer,
} from "../../src/testing/range-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";

const file = patternBytes(500_000, 9);
const quick: OpenOptions = { retry: { baseDelayMs: 1, maxDelayMs: 20 } };
let server: RangeServer | undefined;
const start = async (options: Partial<RangeServerOptions> = {}): Promise<RangeServer> => {
  server = await startRangeServer({ files: { file }, ...options });
  return server;
};
afterEach(async () => {
  await server?.close();
  expect(originsInUse()).toBe(0);
});

describe("a server without ranges", () => {
  it("is refused, and hardly a byte of its file taken", async () => {
    const { url } = await start({ misbehave: "ignores-range" });
    await expect(openSource(`${url}/file`)).rejects.toMatchObject({ code: "RANGE_IGNORED", status: 200 });
  });

  it.each([
    ["with its length", true],
    ["without a length", false],
  ])("that offers 1 GiB %s takes no more than 1 MiB to be refused, amid reading too", async (_, told) => {
    const GiB = 2 ** 30;
    let ignores = false;
    let taken = 0;
    const answer = (range: string): Response => {
      const [, start = "0", end = "0"] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
      const length = Number(end) - Number(start) + 1;
      const headers = { "content-range": `bytes ${start}-${end}/${GiB}`, "content-length": String(length) };
      return new Response(new Uint8Array(length), { status: 206, headers });
    };
    const whole = (): Response => {
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        taken += 16_384;
        controller.enqueue(new Uint8Array(16_384));
      };
      const body = new ReadableStream({ pull }, { highWaterMark: 0 });
      return new Response(body, {
        status: 200,
        ...(told ? { headers: { "content-length": String(GiB) } } : {}),
      });
    };
    const client: typeof fetch = async (_url, init) =>
      ignores ? whole() : answer(new Headers(init?.headers).get("range") ?? "");
    await using source = await openSource("http://127.0.0.1:9/file", { client, retry: false });
    ignores = true;
    await expect(source.read([1_000_000, 1_000_010])).rejects.toMatchObject({ code: "RANGE_IGNORED" });
    await expect(openSource("http://127.0.0.1:9/other", { client, retry: false })).rejects.toMatchObject({
      code: "RANGE_IGNORED",
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toBeLessThanOrEqual(2 ** 20);
    expect(source.receipt.bytesReceived).toBeLessThan(2 ** 20);
  });

  it("serves every read from one download where that is allowed", async () => {
    const { url, requests } = await start({ misbehave: "ignores-range" });
    await using source = await openSource(`${url}/file`, { ifRangesIgnored: "download" });
    expect(source.size).toBe(500_000);
    expectSameBytes(await source.read([400_000, 400_100]), file.slice(400_000, 400_100));
    expectSameBytes(await source.read([-100]), file.slice(-100));
    expectSameBytes(await source.read([0, 100]), file.slice(0, 100));
    expect(requests).toHaveLength(1);
  });

  it("without a declared length is taken whole to learn its size", async () => {
    const { url, requests } = await start({ misbehave: ["ignores-range", "chunked"] });
    await using stream = await RangeStream.open(`${url}/file`, { ifRangesIgnored: "download", range: [-3] });
    expect(stream.totalBytes).toBe(500_000);
    expectSameBytes(await stream.read(), file.slice(-3));
    expect(requests).toHaveLength(1);
  });

  it("is LIMIT where its file is larger than allowed, declared or not", async () => {
    const options: OpenOptions = { ifRangesIgnored: "download", maxDownloadBytes: 499_999 };
    const declared = await start({ misbehave: "ignores-range" });
    await expect(openSource(`${declared.url}/file`, options)).rejects.toMatchObject({ code: "LIMIT" });
    await declared.close();
    const { url } = await start({ misbehave: ["ignores-range", "chunked"] });
    await expect(openSource(`${url}/file`, options)).rejects.toMatchObject({ code: "LIMIT" });
  });

  it("whose body breaks off is asked anew and passed over", async () => {
    const { url, requests } = await start({
      misbehave: ["ignores-range", { name: "drops-mid-body", bytes: 200_000, times: 1 } as never],
    });
    await using source = await openSource(`${url}/file`, { ...quick, ifRangesIgnored: "download" });
    expectSameBytes(await source.read([0]), file);
    expect(requests).toHaveLength(2);
  });
});

describe("a server in trouble", () => {
  it("is asked again after a 503, and a body that breaks off is resumed where it stopped", async () => {
    const { url, requests } = await start({
      misbehave: [
        { name: "status", status: 503, times: 2 } as never,
        { name: "drops-mid-body", bytes: 1000, after: 3, times: 2 } as never,
      ],
    });
    await using source = await openSource(`${url}/file`, quick);
    expectSameBytes(await source.read([100_000, 200_000]), file.slice(100_000, 200_000));
    expect(source.receipt.retries).toBeGreaterThanOrEqual(3);
    expect(requests.filter(({ headers }) => headers["if-match"] !== undefined).length).toBeGreaterThan(0);
  });

  it("that says when to come back is left alone until then, by every reader", async () => {
    const { url, requests } = await start({
      misbehave: { name: "status", status: 429, retryAfter: "1", after: 1, times: 1 } as never,
    });
    await using source = await openSource(`${url}/file`, quick);
    const begun = performance.now();
    await Promise.all([source.read([100_000, 100_010]), source.read([200_000, 200_010])]);
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(requests.length).toBeLessThanOrEqual(4);
  });

  it("that wants us away for longer than a call may last is RATE_LIMITED at once, for whoever asks", async () => {
    const { url } = await start({
      misbehave: { name: "status", status: 503, retryAfter: "3600", after: 1 } as never,
    });
    await using source = await openSource(`${url}/file`, quick);
    await expect(source.read([100_000, 100_010])).rejects.toMatchObject({ code: "RATE_LIMITED" });
    await expect(source.read([200_000, 200_010])).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  it("that is dead is asked a bounded number of times by a thousand readers", async () => {
    const { url, requests } = await start({ misbehave: { name: "status", status: 500, after: 1 } as never });
    await using source = await openSource(`${url}/file`, { retry: { baseDelayMs: 1, maxDelayMs: 5 } });
    const reads = Array.from({ length: 1000 }, (_, index) =>
      source.read([40_000 + index * 10, 40_005 + index * 10]),
    );
    const outcomes = await Promise.allSettled(reads);
    expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
    expect(requests.length).toBeLessThan(60);
  });
});
