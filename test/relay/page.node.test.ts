import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Relay } from "../../src/relay/relay-options.ts";
import { type RangeServer, startRangeServer } from "../../src/testing.ts";
import { chromiumLaunchOptions } from "../browser/chromium.node.ts";
import { byName, startLocalRelay } from "./relay-lab.node.ts";

const SCRIPT = "globalThis.taken = true; // and so on, for more than ten bytes";

/** A page that holds nothing, on an origin of its own. */
async function startSite(): Promise<{ origin: string; close(): void }> {
  const server = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end("<!doctype html>"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

let browser: Browser;
let sites: { origin: string; close(): void }[];
let server: RangeServer;
let relay: Relay;
let through: string;
beforeAll(async () => {
  [browser, server, ...sites] = await Promise.all([
    chromium.launch(chromiumLaunchOptions()),
    startRangeServer({ files: { "a.js": SCRIPT }, cors: false }),
    startSite(),
    startSite(),
  ]);
  relay = await startLocalRelay([server], { origin: sites[0]?.origin ?? "" });
  through = `${relay.url}?url=${encodeURIComponent(byName(server, "/a.js"))}`;
}, 60_000);
afterAll(async () => {
  for (const site of sites) site.close();
  await Promise.all([browser.close(), relay.close(), server.close()]);
});

async function open(index: number): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(sites[index]?.origin ?? "");
  return page;
}

const ask = (page: Page, url: string, range: string) =>
  page.evaluate(
    async ([target = "", value = ""]) => {
      try {
        const { status, headers, ...rest } = await fetch(target, { headers: { range: value } }).then(
          async (response) => ({
            status: response.status,
            headers: response.headers,
            text: await response.text(),
          }),
        );
        const field = (name: string) => headers.get(name);
        return {
          status,
          ...rest,
          range: field("content-range"),
          error: field("relay-error"),
          etag: field("etag"),
        };
      } catch (error) {
        return (error as Error).name;
      }
    },
    [url, range],
  );

it("the page reads ranges of every form, the fields that prove them, and what went wrong", async () => {
  const page = await open(0);
  const size = SCRIPT.length;
  expect(await ask(page, through, "bytes=0-9")).toEqual({
    status: 206,
    text: SCRIPT.slice(0, 10),
    range: `bytes 0-9/${size}`,
    error: null,
    etag: expect.stringMatching(/^"/),
  });
  // A suffix is asked for by a preflight first.
  expect(await ask(page, through, "bytes=-5")).toMatchObject({ status: 206, text: SCRIPT.slice(-5) });
  expect(await ask(page, `${relay.url}?url=http://10.0.0.1/`, "bytes=0-9")).toMatchObject({
    status: 403,
    error: "BLOCKED_ADDRESS",
  });
  expect(await ask(page, byName(server, "/a.js", "127.0.0.1"), "bytes=0-9")).toBe("TypeError");
});

it("no other page reads anything, though it knew the token", async () => {
  const page = await open(1);
  const before = server.requests.length;
  for (const range of ["bytes=0-9", "bytes=-5"]) expect(await ask(page, through, range)).toBe("TypeError");
  expect(server.requests.length).toBe(before);
});

it("nothing is run, shown or framed, by our own page either", async () => {
  const page = await open(0);
  const before = server.requests.length;
  const outcomes = await page.evaluate(async (url) => {
    const load = (tag: string, place: string) =>
      new Promise<string>((resolve) => {
        const element = Object.assign(document.createElement(tag), { onload: () => resolve("loaded") });
        element.onerror = () => resolve("refused");
        element.setAttribute(place, url);
        document.body.append(element);
      });
    return [await load("script", "src"), await load("img", "src"), Object.hasOwn(globalThis, "taken")];
  }, through);
  expect(outcomes).toEqual(["refused", "refused", false]);
  const response = await page.goto(through).catch(() => undefined);
  expect(response?.status() ?? 403).toBe(403);
  expect(server.requests.length).toBe(before);
});
