import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { RequestLog } from "../../explorer/request-log.ts";
import { type ExplorerServer, serveExplorer } from "../../src/cli/explore/serve-explorer.ts";
import { relayClient } from "../../src/relay/relay-client.ts";
import type { Relay, RelayLimits } from "../../src/relay/relay-options.ts";
import { startRelay } from "../../src/relay/start-relay.node.ts";
import { type RangeServer, startRangeServer } from "../../src/testing.ts";
import { PAGE, startLocalRelay } from "../relay/relay-lab.node.ts";
import { ExplorerLab } from "./explorer-lab.node.ts";

const FILES = { "notes.txt": "just a text\n" };

describe("an error of the relay, by the client of the page", () => {
  let server: RangeServer;
  let whole: RangeServer;
  let slow: RangeServer;

  beforeAll(async () => {
    [server, whole, slow] = await Promise.all([
      startRangeServer({ files: FILES, cors: false }),
      startRangeServer({ files: FILES, cors: false, maxRanges: 0 }),
      startRangeServer({ files: FILES, cors: false, latencyMs: 3000 }),
    ]);
  });
  afterAll(() => Promise.all([server.close(), whole.close(), slow.close()]));
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["BLOCKED_ADDRESS", 403, () => "http://10.0.0.1/a.zip", {}],
    ["INVALID_ARGUMENT", 400, () => server.url.replace("//", "//name:word@"), {}],
    ["LIMIT", 413, () => `${server.url}/notes.txt`, { maxRangeBytes: 8 }],
    ["RANGE_IGNORED", 502, () => `${whole.url}/notes.txt`, {}],
    ["TIMEOUT", 504, () => `${slow.url}/notes.txt`, { headersMs: 50 }],
  ] as [string, number, () => string, Partial<RelayLimits>][])(
    "that is %s reaches it as that, though its requests are taken down",
    async (code, status, urlOf, limits) => {
      await using relay = await startLocalRelay([server, whole, slow], { limits });
      const send = globalThis.fetch;
      // What a browser adds by itself.
      vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
        send(input, { ...init, headers: [...new Headers(init?.headers), ["origin", PAGE]] }),
      );
      const log = new RequestLog(() => undefined);
      const asked = relayClient(relay.url, log.fetch)(urlOf(), { headers: { range: "bytes=0-9" } });
      await expect(asked).rejects.toMatchObject({ code, status });
      expect(log.requests).toMatchObject([{ status, outcome: "done" }]);
    },
  );
});

describe("an error of the relay, on the page", () => {
  let lab: ExplorerLab;

  beforeAll(async () => {
    lab = await ExplorerLab.start({ files: FILES, cors: false });
  }, 60_000);
  afterAll(() => lab[Symbol.asyncDispose]());

  /** The page with a relay of its origin. */
  async function serveBeside(start: (origin: string) => Promise<Relay>): Promise<ExplorerServer> {
    let relay: Relay | undefined;
    const served = await serveExplorer({
      page: lab.built.page,
      relay: async (origin) => {
        relay = await start(origin);
        return relay.url;
      },
    });
    const close = async (): Promise<void> => {
      await Promise.all([served.close(), relay?.close()]);
    };
    return { url: served.url, close, [Symbol.asyncDispose]: close };
  }

  it("is told as what it is, after one request", async () => {
    // The relay of the command: loopback is no public address.
    await using served = await serveBeside((origin) => startRelay({ origin }));
    await lab.inTab(async (page) => {
      const asked: string[] = [];
      page.on("response", (response) => {
        if (response.url().includes("/relay/")) asked.push(`${response.status()}`);
      });
      await page.goto(lab.linkTo("notes.txt", [], served));
      const detail = page.locator("#failure .detail");
      await expect.poll(() => detail.textContent()).toMatch(/^BLOCKED_ADDRESS: GET http:/);
      expect(await page.locator("#failure h2").textContent()).not.toContain("CORS");
      expect(asked).toEqual(["403"]);
    });
  });

  it("offers the whole file where ranges are ignored, and says once that no relay hands it on", async () => {
    await using whole = await startRangeServer({ files: FILES, cors: false, maxRanges: 0 });
    await using served = await serveBeside((origin) => startLocalRelay([whole], { origin }));
    await lab.inTab(async (page) => {
      await page.goto(`${served.url}?${new URLSearchParams({ url: `${whole.url}/notes.txt` })}`);
      const failure = page.locator("#failure");
      await expect.poll(() => failure.locator(".detail").textContent()).toContain("RANGE_IGNORED");
      expect(await failure.locator("h2").textContent()).toBe("This server does not give parts of the file");
      await failure.getByRole("button", { name: "Take the whole file" }).click();
      await expect.poll(() => failure.textContent()).toContain("A relay hands on parts alone");
      expect(await failure.getByRole("button").count()).toBe(0);
    });
  });
});
