import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, type Dispatcher, MockAgent, ProxyAgent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSource } from "../../src/open.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServer, startRangeServer } from "../../src/testing/range-server.node.ts";
import { startLoopbackProxy } from "./loopback-proxy.node.ts";

const file = patternBytes(200_000, 1);
let server: RangeServer;
let client: Dispatcher;
beforeEach(async () => {
  server = await startRangeServer({ files: { file } });
  client = new Agent();
});
afterEach(async () => {
  expect(originsInUse()).toBe(0);
  await client.close();
  await server.close();
});

describe("a Dispatcher of undici as client", () => {
  it("sends the requests, with what this package asks for", async () => {
    const seen: unknown[] = [];
    const watched = client.compose((dispatch) => (options, handler) => {
      seen.push([options.method, options.path, options.headers]);
      return dispatch(options, handler);
    });
    await using source = await openSource(`${server.url}/file?a=1`, {
      client: watched,
      headers: { "x-mine": "1" },
      // On a machine that is busy answers seem late, and what is read would be widened.
      policy: "lean",
    });
    expect(await source.read([100_000, 100_010])).toEqual(file.slice(100_000, 100_010));
    expect(seen).toEqual([
      ["GET", "/file?a=1", expect.objectContaining({ range: "bytes=0-32767", "x-mine": "1" })],
      ["GET", "/file?a=1", expect.objectContaining({ range: "bytes=100000-100009" })],
    ]);
  });

  it("streams, and what is read of it is the caller's", async () => {
    await using source = await openSource(`${server.url}/file`, { client, cache: false });
    const bytes = new Uint8Array(await new Response(source.stream()).arrayBuffer());
    expect(bytes).toEqual(file);
    expect((await source.read([5, 9])).constructor).toBe(Uint8Array);
  });

  it("ends what is on its way with an abort, and closes nothing of the caller's", async () => {
    await using source = await openSource(`${server.url}/file`, { client });
    const reason = new Error("enough");
    const controller = new AbortController();
    const read = source.read([50_000, 190_000], { signal: controller.signal });
    controller.abort(reason);
    await expect(read).rejects.toBe(reason);
    await source.close();
    await using again = await openSource(`${server.url}/file`, { client });
    expect(await again.read([50_000, 190_000])).toEqual(file.slice(50_000, 190_000));
  });

  it("gives up a body that is not wanted: ranges ignored", async () => {
    await using ignoring = await startRangeServer({ files: { file }, misbehave: "ignores-range" });
    await expect(openSource(`${ignoring.url}/file`, { client })).rejects.toMatchObject({
      code: "RANGE_IGNORED",
    });
  });

  it("is told of redirects, and follows none by itself", async () => {
    const hop = createServer((_, response) => {
      response.writeHead(302, { location: `${server.url}/file`, "x-text": "caf\u00e9" }).end();
    });
    await new Promise<void>((resolve) => void hop.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(hop.address() as AddressInfo).port}/`;
      await using source = await openSource(url, { client, headers: { "x-mine": "1" } });
      expect(await source.read([0, 4])).toEqual(file.slice(0, 4));
      expect(server.requests.map(({ headers }) => headers["x-mine"])).toEqual([undefined]);
    } finally {
      hop.closeAllConnections();
      hop.close();
    }
  });

  it("may be a proxy", async () => {
    await using proxy = await startLoopbackProxy({
      hosts: { [new URL(server.url).host]: Number(new URL(server.url).port) },
    });
    const agent = new ProxyAgent(proxy.url);
    await using source = await openSource(`${server.url}/file`, { client: agent });
    expect(await source.read([100_000, 100_010])).toEqual(file.slice(100_000, 100_010));
    await source.close();
    await agent.close();
    expect(proxy.asked.length).toBeGreaterThan(0);
  });

  it("reports what goes wrong as NETWORK, with the cause", async () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    const failure = openSource("http://files.example/file", { client: mock, retry: false });
    await expect(failure).rejects.toMatchObject({ code: "NETWORK", cause: { name: "MockNotMatchedError" } });
    await mock.close();
  });

  it("is INVALID_ARGUMENT where it is none", async () => {
    for (const bad of [{}, { dispatch: () => true }, { request: fetch }, 3, "agent"]) {
      const failure = openSource(`${server.url}/file`, { client: bad as unknown as Dispatcher });
      await expect(failure).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(server.requests).toHaveLength(0);
  });
});
