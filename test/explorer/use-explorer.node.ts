import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, expect } from "vitest";
import { makeSamplePng } from "../../src/cli/demo/sample-png.ts";
import { makeSampleZip } from "../../src/cli/demo/sample-zip.ts";
import { type ExplorerServer, serveExplorer } from "../../src/cli/explore/serve-explorer.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { buildPng } from "../png/build-png.ts";
import { tarBlock } from "../tar/build-tar.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import {
  compressedSample,
  SAMPLE_METHODS,
  SAMPLE_TEXTS,
  type SampleMethod,
} from "../zip/compressed-samples.ts";
import { manyEntries } from "../zip/many-entries.ts";
import {
  type BuiltExplorer,
  buildExplorer,
  launchChromium,
  openTab,
  type WatchedPage,
} from "./open-page.node.ts";

const INNER = buildZip([
  { name: "deep/inside.txt", data: text("read in place\n") },
  { name: "filler.bin", data: patternBytes(40_000, 3) },
]);

export const MIXED = buildZip([
  { name: "data.json", data: text('{"tide":[1.5,2],"port":"harbour"}'), method: 8 },
  { name: "picture.png", data: makeSamplePng() },
  { name: "filler.bin", data: patternBytes(300_000, 4) },
  { name: "inner.zip", data: INNER },
  { name: "wrong.txt", data: text("not what was packed"), central: { crc32: 1 }, local: { crc32: 1 } },
  ...(Object.keys(SAMPLE_METHODS) as SampleMethod[]).map((method) => ({
    name: `packed/${method}.txt`,
    data: SAMPLE_TEXTS.small,
    stored: compressedSample(method, "small"),
    method: SAMPLE_METHODS[method],
  })),
]);

export const TAR = new Uint8Array([
  ...tarBlock({ name: "logs/one.txt", data: "first\n" }),
  ...tarBlock({ name: "logs/two.txt", data: "second\n" }),
  ...tarBlock({ name: "logs/newest", type: "2", linkName: "two.txt\u202e" }),
  ...new Uint8Array(1024),
]);

const NOISE = patternBytes(900 * 900 * 3, 6);
const LARGE_PNG = buildPng({
  width: 900,
  height: 900,
  colorType: 2,
  sample: (x, y) => [...NOISE.subarray((y * 900 + x) * 3, (y * 900 + x) * 3 + 3)],
  filter: () => 0,
  dataBytes: 8192,
});

export const FILES = {
  "large.png": LARGE_PNG,
  "broken.zip": makeSampleZip().subarray(0, 100_000),
  "notes.txt": text("just a text\n"),
  empty: new Uint8Array(0),
  "sample.zip": makeSampleZip(),
  "mixed.zip": MIXED,
  "many.zip": manyEntries(66_000),
  "a.tar": TAR,
  "a.png": makeSamplePng(),
};

export let built: BuiltExplorer;
export let server: RangeServer;
export let served: ExplorerServer;
export let browser: Browser;

/** Builds the page, and serves it and its files, for the tests of one file. */
export function useExplorer(): void {
  beforeAll(async () => {
    [built, server, browser] = await Promise.all([
      buildExplorer(),
      startRangeServer({ files: FILES }),
      launchChromium(),
    ]);
    served = await serveExplorer({ page: built.page });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await Promise.all([served.close(), server.close(), built.remove()]);
  });
}

/** A tab on the page, and what a test asserts of every one at its end. */
export async function inTab(
  work: (page: Page, tab: WatchedPage) => Promise<void>,
  options: Parameters<typeof openTab>[1] = {},
): Promise<void> {
  const tab = await openTab(browser, options);
  try {
    await work(tab.page, tab);
    expect(tab.failures).toEqual([]);
    expect(await tab.violations()).toEqual([]);
  } finally {
    await tab.page.context().close();
  }
}

export function linkTo(name: string, path: readonly string[] = [], from: RangeServer = server): string {
  const fields = new URLSearchParams({ url: `${from.url}/${name}` });
  for (const member of path) fields.append("path", member);
  return `${served.url}?${fields}`;
}

export const rowsOf = (page: Page) => page.locator("#tree [role=rowgroup] [role=row][aria-level]");
export const member = (page: Page, name: string) => rowsOf(page).filter({ hasText: name });
