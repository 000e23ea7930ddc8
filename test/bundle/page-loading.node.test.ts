import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page, Request, Route } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { openSource } from "../../src/index.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { launchChromium } from "../explorer/open-page.node.ts";
import { type BuiltPage, buildPage, chunkOf } from "./build-page.node.ts";

/** What the tests call in the page. */
declare const page: {
  openSource: typeof openSource;
  capabilitiesOf(url: string): unknown;
};

const PROGRAM = `
  import { capabilitiesOf, openSource } from "range-streams";
  globalThis.page = { capabilitiesOf, openSource };
`;
const BYTES = patternBytes(100_000);

let built: BuiltPage;
let browser: Browser;
let program: Server;
let server: RangeServer;
let tab: Page;
let address: string;
let url: string;

beforeAll(async () => {
  [built, browser, server] = await Promise.all([
    buildPage(PROGRAM),
    launchChromium(),
    startRangeServer({ files: { "a.bin": BYTES } }),
  ]);
  program = createServer(({ url: target = "" }, response) => {
    const chunk = built.chunks.get(target.slice(1));
    response.setHeader("Content-Type", chunk === undefined ? "text/html" : "text/javascript");
    response.end(chunk?.code ?? `<script type="module" src="/${built.entry.fileName}"></script>`);
  });
  await new Promise<void>((resolve) => program.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(program.address() as AddressInfo).port}`;
  url = `${server.url}/a.bin`;
}, 60_000);

afterAll(async () => {
  await browser.close();
  await new Promise((resolve) => program.close(resolve));
  await server.close();
});

beforeEach(async () => {
  tab = await browser.newPage();
  await tab.goto(address);
});

afterEach(() => tab.context().close());

/** The address of the file of the program that holds a module. */
const fileOf = (module: string): string => `${address}/${chunkOf(built, module).fileName}`;

/** Answers none of these addresses before all of them were asked for. */
async function holdUntilAllAreAsked(addresses: readonly string[]): Promise<void> {
  const missing = new Set(addresses);
  let release = (): void => undefined;
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  for (const each of addresses)
    await tab.route(each, async (route: Route) => {
      missing.delete(each);
      if (missing.size === 0) release();
      await all;
      await route.continue();
    });
}

/** What a page asks for from now on. */
function watchRequests(): string[] {
  const seen: string[] = [];
  tab.on("request", (request: Request) => seen.push(request.url()));
  return seen;
}

/** Opens, reads and closes in the page; gives what was read, or what went wrong. */
function readInPage(target: string): Promise<unknown> {
  return tab.evaluate(async (asked) => {
    try {
      const source = await page.openSource(asked);
      const bytes = [...(await source.read([70_000, 70_004]))];
      await source.close();
      return bytes;
    } catch (error) {
      const { code, retryable, cause, message } = error as Record<string, unknown>;
      return { code, retryable, cause: String(cause), message };
    }
  }, target);
}

const READ = [...BYTES.slice(70_000, 70_004)];

describe("a page that opens a URL", () => {
  it("has loaded nothing but its first file before", async () => {
    const loaded = await tab.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    expect(loaded.filter((name) => name.endsWith(".js"))).toEqual([`${address}/${built.entry.fileName}`]);
  });

  it("asks for the engine and the file's bytes side by side, and for no more", async () => {
    const asked = watchRequests();
    await holdUntilAllAreAsked([fileOf("engine/engine.ts"), url]);
    expect(await readInPage(url)).toEqual(READ);
    expect(asked.sort()).toEqual([fileOf("engine/engine.ts"), url, url].sort());
  });

  it("loads what it has loaded once no second time", async () => {
    await readInPage(url);
    const asked = watchRequests();
    expect(await readInPage(url)).toEqual(READ);
    expect(asked).toEqual([url, url]);
  });

  it("asks beside them for what reads stored bytes, where it has a store", async () => {
    await holdUntilAllAreAsked([fileOf("engine/engine.ts"), fileOf("store/stored-bytes.ts"), url]);
    const stored = await tab.evaluate(async (asked) => {
      const store = new Map<string, Uint8Array<ArrayBuffer>>();
      for (let turn = 0; turn < 2; turn++) {
        const source = await page.openSource(asked, { cache: { store } });
        await source.close();
      }
      return store.size;
    }, url);
    expect(stored).toBe(1);
  });

  it("sends and loads nothing for options that cannot be meant", async () => {
    const asked = watchRequests();
    const code = await tab.evaluate(
      (target) =>
        page.openSource(target, { maxConnections: 0 }).catch(({ code: said }: { code: unknown }) => said),
      url,
    );
    expect([code, asked]).toEqual(["INVALID_ARGUMENT", []]);
  });
});

describe("where the engine cannot be loaded", () => {
  it("opening is a NETWORK error that may pass, nothing is left open, and the next try succeeds", async () => {
    await tab.route(fileOf("engine/engine.ts"), (route) => route.abort());
    expect(await readInPage(url)).toEqual({
      code: "NETWORK",
      retryable: true,
      cause: expect.stringContaining("Failed to fetch dynamically imported module"),
      message: expect.stringContaining("range-streams"),
    });
    expect(await tab.evaluate((target) => page.capabilitiesOf(target), url)).toBeUndefined();
    expect(await readInPage(url)).toMatchObject({ code: "NETWORK" });
    await tab.unroute(fileOf("engine/engine.ts"));
    expect(await readInPage(url)).toEqual(READ);
    const asked = watchRequests();
    expect(await readInPage(url)).toEqual(READ);
    expect(asked).toEqual([url, url]);
  });

  it("an abort ends the wait for it, with its own reason", async () => {
    const asked = tab.waitForRequest(fileOf("engine/engine.ts"));
    await tab.route(fileOf("engine/engine.ts"), () => undefined);
    await tab.exposeFunction("engineAsked", async () => void (await asked));
    const got = await tab.evaluate(async (target) => {
      const controller = new AbortController();
      const opening = page.openSource(target, { signal: controller.signal }).catch(String);
      await (globalThis as unknown as { engineAsked(): Promise<void> }).engineAsked();
      controller.abort(new Error("enough"));
      return [await opening, page.capabilitiesOf(target)];
    }, url);
    expect(got).toEqual(["Error: enough", undefined]);
  });

  it("the time limit of the call ends the wait for it", async () => {
    await tab.route(fileOf("engine/engine.ts"), () => undefined);
    const code = await tab.evaluate(
      (target) =>
        page
          .openSource(target, { timeouts: { totalMs: 50 } })
          .catch(({ code: said }: { code: unknown }) => said),
      url,
    );
    expect(code).toBe("TIMEOUT");
  });
});
