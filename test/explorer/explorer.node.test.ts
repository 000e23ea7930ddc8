import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
const MIXED = buildZip([
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
const TAR = new Uint8Array([
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
const FILES = {
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
/** Directory of the sample: what its last 64 KiB and its first 32 KiB, which tell the format, cost. */
const OPENING_BYTES = 65_536 + 32_768;
const script: string = axe.source;

let built: BuiltExplorer;
let server: RangeServer;
let served: ExplorerServer;
let browser: Browser;

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

/** A tab on the page, and what a test asserts of every one at its end. */
async function inTab(
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

function linkTo(name: string, path: readonly string[] = [], from: RangeServer = server): string {
  const fields = new URLSearchParams({ url: `${from.url}/${name}` });
  for (const member of path) fields.append("path", member);
  return `${served.url}?${fields}`;
}

const rowsOf = (page: Page) => page.locator("#tree [role=rowgroup] [role=row][aria-level]");
const member = (page: Page, name: string) => rowsOf(page).filter({ hasText: name });
const receiptOf = async (page: Page): Promise<string[]> => page.locator("#receipt dd").allTextContents();

describe("the explorer", () => {
  it("opens a pasted URL, lists it as folders, and says what that cost", () =>
    inTab(async (page) => {
      server.requests.length = 0;
      await page.goto(served.url);
      await page.getByLabel("URL of a file").fill(`${server.url}/sample.zip`);
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await member(page, "README.md").waitFor();
      expect(await rowsOf(page).locator(".cell-name").allTextContents()).toEqual([
        "notes",
        "photos",
        "weather",
        "README.md",
      ]);
      expect(await page.locator("#tree-count").textContent()).toBe("64 members");
      expect(server.requests.map(({ status, bytesSent }) => [status, bytesSent])).toEqual([
        [206, 32_768],
        [206, 65_536],
      ]);
      await expect
        .poll(() => receiptOf(page))
        .toEqual(["2", "98.3 kB", "1.1 %", expect.stringMatching(/^(about|none)/)]);
      expect(await page.locator("#log tr").count()).toBe(2);
      expect(await page.locator("#log tr").last().textContent()).toMatch(/^10-3276720632\.8 kB\d+ ms$/);
      expect(new URL(page.url()).searchParams.get("url")).toBe(`${server.url}/sample.zip`);
    }));

  it("takes what is pressed before its configuration has come", () =>
    inTab(async (page) => {
      let answer = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        answer = resolve;
      });
      await page.route("**/config.json", async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(served.url);
      await page.getByLabel("URL of a file").fill(`${server.url}/a.tar`);
      await page.keyboard.press("Enter");
      answer();
      await member(page, "one.txt").waitFor();
    }));

  it("orders by a column, and back, and finds names without a request", () =>
    inTab(async (page) => {
      await page.goto(linkTo("sample.zip"));
      await member(page, "notes").click();
      await member(page, "day-01.txt").waitFor();
      const sizes = page.getByRole("button", { name: "Sort by size" });
      await sizes.click();
      expect(await rowsOf(page).first().locator(".cell-name").textContent()).toBe("photos");
      expect(await page.getByRole("columnheader", { name: "Size" }).getAttribute("aria-sort")).toBe(
        "descending",
      );
      await sizes.click();
      expect(await rowsOf(page).first().locator(".cell-name").textContent()).toBe("notes");

      server.requests.length = 0;
      await page.getByLabel("Search the names").fill("DAY-1");
      await expect.poll(() => page.locator("#tree-count").textContent()).toBe("30 matches of 64 members");
      await page.getByLabel("Search the names").fill("weather/day-21");
      await expect
        .poll(() => rowsOf(page).locator(".cell-name").allTextContents())
        .toEqual(["weather/day-21.csv"]);
      await page.getByLabel("Search the names").fill("nothing like it");
      await expect.poll(() => page.locator("#tree-count").textContent()).toBe("0 matches of 64 members");
      expect(server.requests.length).toBe(0);
    }));

  it("shows a text by one request more, and lights up where it came from", () =>
    inTab(async (page) => {
      await page.goto(linkTo("sample.zip"));
      await member(page, "notes").click();
      server.requests.length = 0;
      await page.emulateMedia({ reducedMotion: "reduce" });
      const before = await fetchedPixels(page);
      await member(page, "day-07.txt").click();
      await page.locator("pre.text").waitFor();
      expect(await page.locator("pre.text").textContent()).toContain("Day 07\n00 ");
      expect(server.requests.length).toBe(1);
      const sent = server.requests[0]?.bytesSent ?? 0;
      expect((await receiptOf(page))[1]).toBe(`${((OPENING_BYTES + sent) / 1000).toFixed(1)} kB`);
      await expect.poll(() => fetchedPixels(page)).toBeGreaterThan(before);
      await page.getByRole("button", { name: "Hex" }).click();
      expect(await page.locator("pre.hex").textContent()).toMatch(/^00000000 {2}44 61 79 20 30 37 0a /);
      expect(new URL(page.url()).searchParams.getAll("path")).toEqual(["notes/day-07.txt"]);
      expect(server.requests.length).toBe(1);
    }));

  it("draws what is on its way before it is here", async () => {
    await using slow = await startRangeServer({ files: FILES, bytesPerSecond: 100_000 });
    await inTab(async (page) => {
      const colored = () => countPixels(page, "pending");
      await page.goto(linkTo("sample.zip", [], slow));
      await member(page, "photos").click();
      await member(page, "day-09.jpg").click();
      await expect.poll(colored).toBeGreaterThan(0);
      // Something else is looked at: what was on its way is left.
      await page.locator("#tree").press("End");
      await page.keyboard.press("Enter");
      await page.locator("pre.text").waitFor();
      await expect.poll(colored).toBe(0);
    });
  });

  it("shows JSON, images and what a PNG says of itself, and members of every method", () =>
    inTab(async (page) => {
      await page.goto(linkTo("mixed.zip"));
      await member(page, "data.json").click();
      await expect
        .poll(() => page.locator("pre.text").textContent())
        .toBe('{\n  "tide": [\n    1.5,\n    2\n  ],\n  "port": "harbour"\n}');
      await member(page, "picture.png").click();
      await expect.poll(() => page.locator(".picture p").textContent()).toBe("256 × 256 pixels");
      await expect.poll(() => page.locator(".facts").textContent()).toContain("RGB, 8 bits a sample");
      await member(page, "packed").click();
      for (const method of Object.keys(SAMPLE_METHODS)) {
        await member(page, `${method}.txt`).click();
        await expect.poll(() => page.locator("#preview h2").textContent()).toBe(`packed/${method}.txt`);
        await expect.poll(() => page.locator("pre.text").textContent()).toContain("line 199 of a sample");
      }
    }));

  it("opens a PNG of its own: its chunks are the map", () =>
    inTab(async (page) => {
      await page.goto(linkTo("a.png"));
      await expect.poll(() => page.locator(".picture p").textContent()).toBe("256 × 256 pixels");
      await expect.poll(() => page.locator("#map-legend").textContent()).toContain("image data 99.9 %");
      expect(await page.locator("#tree").isVisible()).toBe(false);
    }));

  it("asks before it loads a large image, and walks over none of it before", () =>
    inTab(async (page) => {
      server.requests.length = 0;
      await page.goto(linkTo("large.png"));
      await expect.poll(() => page.locator(".facts").textContent()).toContain("900 × 900");
      await page.waitForLoadState("networkidle");
      const moved = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
      expect(moved).toBeLessThan(300_000);
      expect(await page.locator(".picture img").count()).toBe(0);
      await page.getByRole("button", { name: "Load the image (2.4 MB)" }).click();
      await expect.poll(() => page.locator(".picture p").textContent()).toBe("900 × 900 pixels");
      await expect.poll(() => page.locator(".facts").textContent()).toContain("Chunk IEND1 time");
    }));

  it("shows a file that is no archive as it is, one that is empty too", () =>
    inTab(async (page) => {
      await page.goto(linkTo("notes.txt"));
      await expect.poll(() => page.locator("pre.text").textContent()).toBe("just a text\n");
      expect(await page.locator("#tree").isVisible()).toBe(false);
      await page.goto(linkTo("empty"));
      await expect.poll(() => page.locator("#preview h2").textContent()).toBe("empty");
      await expect.poll(() => page.locator("pre.text").textContent()).toBe("");
    }));

  it("says of what looks like an archive why it is none, and shows its bytes", () =>
    inTab(async (page) => {
      await page.goto(linkTo("broken.zip"));
      await expect.poll(() => page.locator("#preview pre").textContent()).toContain("00000000  50 4b 03 04");
      await expect.poll(() => page.locator("#notice").textContent()).toContain("FORMAT");
    }));

  it("downloads one member, its bytes and nothing else", () =>
    inTab(
      async (page) => {
        await page.goto(linkTo("mixed.zip"));
        await member(page, "filler.bin").click();
        const [saved] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("button", { name: "Download" }).click(),
        ]);
        expect(saved.suggestedFilename()).toBe("filler.bin");
        expect(await readFile(await saved.path())).toEqual(Buffer.from(patternBytes(300_000, 4)));
      },
      { acceptDownloads: true },
    ));

  it("gives no file whose checksum is wrong, and says so", () =>
    inTab(async (page) => {
      const downloads: unknown[] = [];
      page.on("download", (download) => downloads.push(download));
      await page.goto(linkTo("mixed.zip"));
      await member(page, "wrong.txt").click();
      await expect.poll(() => page.locator("#preview [role=alert]").textContent()).toContain("CHECKSUM");
      await page.getByRole("button", { name: "Download" }).click();
      await expect.poll(() => page.locator("#preview [role=alert]").count()).toBe(2);
      expect(downloads).toEqual([]);
    }));

  it("opens an archive in the archive where it lies, and goes back out", () =>
    inTab(async (page) => {
      await page.goto(linkTo("mixed.zip"));
      await member(page, "inner.zip").click();
      await page.getByRole("button", { name: "Open this archive" }).click();
      await member(page, "deep").click();
      await member(page, "inside.txt").click();
      await expect.poll(() => page.locator("pre.text").textContent()).toBe("read in place\n");
      expect(new URL(page.url()).searchParams.getAll("path")).toEqual(["inner.zip", "deep/inside.txt"]);
      await page.locator("#levels").getByRole("button", { name: "mixed.zip" }).click();
      await member(page, "data.json").waitFor();
    }));

  it("follows a link to a member in an archive in an archive", () =>
    inTab(async (page) => {
      await page.goto(linkTo("mixed.zip", ["inner.zip", "deep/inside.txt"]));
      await expect.poll(() => page.locator("pre.text").textContent()).toBe("read in place\n");
      expect(await member(page, "inside.txt").getAttribute("aria-selected")).toBe("true");
    }));

  it("says of a link what is not there", () =>
    inTab(async (page) => {
      await page.goto(linkTo("mixed.zip", ["gone.txt"]));
      await expect.poll(() => page.locator("#status").textContent()).toBe("There is no member gone.txt");
    }));

  it("reads a file of this device without a request", () =>
    inTab(async (page) => {
      await page.goto(served.url);
      server.requests.length = 0;
      const [chooser] = await Promise.all([
        page.waitForEvent("filechooser"),
        page.getByRole("button", { name: "Choose a file" }).click(),
      ]);
      await chooser.setFiles({ name: "a.tar", mimeType: "application/x-tar", buffer: Buffer.from(TAR) });
      await member(page, "two.txt").click();
      await expect.poll(() => page.locator("pre.text").textContent()).toBe("second\n");
      await member(page, "newest").click();
      await expect
        .poll(() => page.locator(".preview-body").textContent())
        .toContain("symbolic link: it has no content of its own.It points to two.txt\\u{202e}.");
      expect(await page.locator("#log").textContent()).toContain("a file of this device");
      expect(server.requests.length).toBe(0);
      expect(new URL(page.url()).search).toBe("");
    }));

  it("takes a file that is dropped on it", () =>
    inTab(async (page) => {
      await page.goto(served.url);
      const dropped = await page.evaluateHandle(
        (bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "dropped.tar"));
          return data;
        },
        [...TAR],
      );
      await page.dispatchEvent("body", "drop", { dataTransfer: dropped });
      await member(page, "one.txt").waitFor();
    }));
});

describe("the explorer, where a server does not help", () => {
  it("says that a server lets no page read it, and which headers do", async () => {
    await using closed = await startRangeServer({ files: FILES, cors: false });
    await inTab(async (page) => {
      await page.goto(linkTo("mixed.zip", [], closed));
      const failure = page.locator("#failure");
      await failure.getByRole("heading").waitFor();
      expect(await failure.getByRole("heading").textContent()).toBe(
        "This server lets no page read the file (CORS)",
      );
      const origin = new URL(served.url).origin;
      expect(await failure.textContent()).toContain(`Access-Control-Allow-Origin: ${origin}`);
      expect(await failure.textContent()).toContain("Access-Control-Expose-Headers: Content-Range");
    });
  });

  it("says that a server gives no parts, what the doctor found, and takes the whole file when told to", async () => {
    await using whole = await startRangeServer({ files: FILES, maxRanges: 0 });
    await inTab(async (page) => {
      await page.goto(linkTo("mixed.zip", [], whole));
      const failure = page.locator("#failure");
      await failure.getByRole("heading").waitFor();
      expect(await failure.getByRole("heading").textContent()).toBe(
        "This server does not give parts of the file",
      );
      expect(await failure.textContent()).toContain(
        "Range is ignored: bytes=0-16383 was answered by status 200",
      );
      expect(await failure.textContent()).toContain("RANGE_IGNORED");
      await failure.getByRole("button").click();
      await member(page, "data.json").click();
      await expect.poll(() => page.locator("pre.text").textContent()).toContain("harbour");
    });
  });

  it("says that nothing answers, and that there is no such file", () =>
    inTab(async (page) => {
      const gone = await startRangeServer({ files: {} });
      const heading = page.locator("#failure").getByRole("heading");
      await page.goto(linkTo("a.zip", [], gone));
      await expect.poll(() => heading.textContent()).toBe("There is no such file");
      await gone.close();
      await page.goto(linkTo("b.zip", [], gone));
      await expect.poll(() => heading.textContent()).toBe("No answer came from this server");
    }));

  it("asks the relay where there is one and the server lets no page read it", async () => {
    await using closed = await startRangeServer({ files: FILES, cors: false });
    // What a relay does, as far as the page sees: the bytes of another server, with permission to read them.
    await using relayed = await startRangeServer({ files: { relay: MIXED } });
    await using withRelay = await serveExplorer({
      page: built.page,
      relay: async () => `${relayed.url}/relay`,
    });
    await inTab(async (page) => {
      await page.goto(`${withRelay.url}?${new URLSearchParams({ url: `${closed.url}/mixed.zip` })}`);
      await member(page, "data.json").click();
      await expect.poll(() => page.locator("pre.text").textContent()).toContain("harbour");
      expect(closed.requests.length).toBe(1);
      const asked = relayed.requests.filter(({ method }) => method === "GET");
      expect(asked.length).toBeGreaterThan(1);
      expect(
        asked.every(({ query }) => new URLSearchParams(query).get("url") === `${closed.url}/mixed.zip`),
      ).toBe(true);
    });
  });

  it("refuses what is no http address before anything is asked", () =>
    inTab(async (page) => {
      await page.goto(`${served.url}?url=javascript:alert(1)`);
      await expect
        .poll(() => page.locator("#url").evaluate((field: HTMLInputElement) => field.validationMessage))
        .toContain("https://");
    }));
});

describe("the explorer, of 66,000 members", () => {
  it("draws at most 300 lines, and any place within a second", () =>
    inTab(async (page) => {
      await page.goto(linkTo("many.zip"));
      await member(page, "00000000").waitFor();
      expect(await page.locator("#tree-count").textContent()).toBe("66,000 members");
      const tree = page.locator("#tree");
      for (const share of [1, 0.5, 0.123]) {
        const shown = await tree.evaluate(async (root, at) => {
          const started = performance.now();
          root.scrollTop = at * (root.scrollHeight - root.clientHeight);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          const rows = [...root.querySelectorAll("[role=row][aria-level]")];
          const view = root.getBoundingClientRect();
          const inSight = rows.filter((row) => {
            const { top, bottom } = row.getBoundingClientRect();
            return top >= view.top && bottom <= view.bottom + 1;
          });
          const names = inSight.map((row) => Number(row.querySelector(".cell-name")?.textContent));
          return { rows: rows.length, names, ms: performance.now() - started };
        }, share);
        expect(shown.rows).toBeLessThanOrEqual(300);
        expect(shown.ms).toBeLessThan(1000);
        expect(shown.names.length).toBeGreaterThan(5);
        const first = shown.names[0] ?? Number.NaN;
        expect(Math.abs(first - share * 66_000)).toBeLessThan(100);
        expect(shown.names).toEqual(shown.names.map((_name, index) => first + index));
      }
      await page.getByLabel("Search the names").fill("0065999");
      await expect.poll(() => rowsOf(page).locator(".cell-name").allTextContents()).toEqual(["00065999"]);
      expect(await page.locator("#tree *").count()).toBeLessThan(100);
    }));
});

describe("the explorer, by keyboard alone", () => {
  it("opens a URL, walks the tree, looks at a member and moves over the map", () =>
    inTab(async (page) => {
      await page.goto(served.url);
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
      await page.keyboard.press("Tab");
      await page.keyboard.type(`${server.url}/sample.zip`);
      await page.keyboard.press("Enter");
      await member(page, "README.md").waitFor();
      await tabTo(page, "tree");
      const active = () =>
        page.evaluate(() => {
          const id = document.getElementById("tree")?.getAttribute("aria-activedescendant") ?? "";
          return document.getElementById(id)?.querySelector(".cell-name")?.textContent;
        });
      server.requests.length = 0;
      await page.keyboard.press("End");
      expect(await active()).toBe("README.md");
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      expect(await active()).toBe("day-01.txt");
      expect(server.requests.length).toBe(0);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.locator("pre.text").textContent()).toContain("Day 02");
      await page.keyboard.press("ArrowLeft");
      expect(await active()).toBe("notes");
      await page.keyboard.press("ArrowLeft");
      expect(await rowsOf(page).count()).toBe(4);

      await tabTo(page, "strip", "Shift+Tab");
      await page.keyboard.press("End");
      const strip = page.locator("#strip");
      expect(await strip.getAttribute("aria-valuetext")).toMatch(/, here: directory, /);
      await page.keyboard.press("Home");
      expect(await strip.getAttribute("aria-valuetext")).toMatch(/^Byte 0, here: README\.md, 0 to /);
      await page.keyboard.press("+");
      await expect.poll(() => page.locator("#map-extent").textContent()).toMatch(/^8\.6 MB, bytes 0 to /);
      await page.keyboard.press("0");
      await expect.poll(() => page.locator("#map-extent").textContent()).toBe("8.6 MB");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.locator("pre.text").textContent()).toContain("# Survey");
    }));
});

describe("the explorer, for everybody", () => {
  const findings = async (page: Page): Promise<string[]> =>
    page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
      };
      const { violations } = await axe.run();
      return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html}`);
    });

  it.each(["light", "dark"] as const)("has nothing that axe finds wrong, %s", async (colorScheme) => {
    await using whole = await startRangeServer({ files: FILES, maxRanges: 0 });
    await inTab(
      async (page) => {
        await page.goto(served.url);
        expect(await findings(page)).toEqual([]);
        await page.goto(linkTo("sample.zip", ["notes/day-07.txt"]));
        await page.locator("pre.text").waitFor();
        expect(await findings(page)).toEqual([]);
        await page.goto(linkTo("a.png"));
        await page.locator(".facts").waitFor();
        expect(await findings(page)).toEqual([]);
        await page.goto(linkTo("sample.zip", [], whole));
        await page.locator("#failure h2").waitFor();
        expect(await findings(page)).toEqual([]);
      },
      { script, colorScheme },
    );
  });

  it("finds something wrong where something is, so that the test above can fail", async () => {
    await inTab(
      async (page) => {
        await page.goto(served.url);
        await page.evaluate(() => document.body.append(document.createElement("button")));
        expect(await findings(page)).toEqual([expect.stringContaining("critical button-name")]);
      },
      { script },
    );
  });

  it("needs no room beside what a phone has", () =>
    inTab(
      async (page) => {
        await page.goto(linkTo("sample.zip", ["notes/day-07.txt"]));
        await page.locator("pre.text").waitFor();
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      },
      { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    ));
});

describe("the explorer, of a hostile archive", () => {
  const NAMES = [
    "<img src=x onerror=alert(1)>.txt",
    "</script><script>alert(2)</script>",
    "\u202egnp.exe",
    "__proto__",
    "constructor/toString",
    "\u0000\u001b[31mred",
    "../../etc/passwd",
    "//absolute",
  ];
  const HOSTILE = buildZip([
    ...NAMES.map((name) => ({ name, data: text("<script>alert(3)</script>\u202e turned") })),
    { name: "page.html", data: text("<html><body onload=alert(4)>") },
    { name: "picture.svg", data: text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(5)"/>') },
    { name: `${"deep/".repeat(700)}end`, data: text("x") },
  ]);

  it("runs nothing of it and shows its names for what they are", async () => {
    await using hostile = await startRangeServer({ files: { "<b>x</b>.zip": HOSTILE } });
    await inTab(async (page) => {
      await page.goto(linkTo(encodeURIComponent("<b>x</b>.zip"), [], hostile));
      await member(page, "page.html").waitFor();
      const shown = await rowsOf(page).locator(".cell-name").allTextContents();
      expect(shown).toContain("<img src=x onerror=alert(1)>.txt");
      expect(shown).toContain("\\u{202e}gnp.exe");
      expect(shown).toContain("\\u{0}\\u{1b}[31mred");
      expect(shown).toContain("__proto__");
      for (const name of ["onerror=alert", "page.html", "picture.svg", "gnp.exe", "__proto__"]) {
        await member(page, name).click();
        await expect.poll(() => page.locator("#preview h2").textContent()).toContain(name);
        await page.locator("pre.text").waitFor();
      }
      expect(await page.locator("pre.text").textContent()).toBe("<script>alert(3)</script>\\u{202e} turned");
      expect(await page.locator("main script, main svg, main img, main b b, main [onload]").count()).toBe(0);
    });
  });

  it("saves a member under a name that is nothing but a name", async () => {
    await using hostile = await startRangeServer({ files: { "x.zip": HOSTILE } });
    await inTab(
      async (page) => {
        await page.goto(linkTo("x.zip", ["../../etc/passwd"], hostile));
        const [saved] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("button", { name: "Download" }).click(),
        ]);
        expect(saved.suggestedFilename()).toBe("passwd");
      },
      { acceptDownloads: true },
    );
  });

  it("lets nothing run or load that is not its own, which the page counts", async () => {
    const tab = await openTab(browser);
    await tab.page.goto(served.url);
    await tab.page.evaluate(() => {
      const script = document.createElement("img");
      script.src = "http://127.0.0.1:1/x.png";
      document.body.append(script);
    });
    // By the page's own policy, and by that of its server.
    const violation = expect.stringMatching(/^img-src http:\/\/127\.0\.0\.1:1/);
    await expect.poll(() => tab.violations()).toEqual([violation, violation]);
    const refused = await tab.page.evaluate(() => {
      try {
        document.body.innerHTML = "<p>markup</p>";
        return "taken";
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(refused).toBe("TypeError");
    await tab.page.context().close();
  });
});

describe("pictures of the explorer", () => {
  const FOLDER = new URL("../../artifacts/", import.meta.url).pathname;
  // Where the two that the README shows go, too: `npm run explorer:pictures`.
  const shownFolder = process.env["EXPLORER_PICTURES"];

  it.each([
    ["explorer-light", { colorScheme: "light", viewport: { width: 1180, height: 1000 } }],
    ["explorer-dark", { colorScheme: "dark", viewport: { width: 1180, height: 1000 } }],
    ["explorer-phone", { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
  ] as const)("%s", async (name, options) => {
    // Like a server on another continent, so that what is saved looks as it does there.
    await using far = await startRangeServer({ files: FILES, latencyMs: 60, linkBytesPerSecond: 2_500_000 });
    const folders = shownFolder === undefined || name === "explorer-phone" ? [FOLDER] : [FOLDER, shownFolder];
    await inTab(async (page) => {
      await page.emulateMedia({ reducedMotion: "reduce" });
      await page.goto(linkTo("sample.zip", ["notes/day-07.txt"], far));
      await page.locator("pre.text").waitFor();
      await page.locator("#url").evaluate((field: HTMLInputElement) => {
        field.value = "https://files.example/sample.zip";
      });
      const picture = await page.screenshot({ animations: "disabled" });
      expect(picture.length).toBeGreaterThan(20_000);
      for (const folder of folders) {
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, `${name}.png`), picture);
      }
    }, options);
  });
});

/** Presses Tab until an element has the focus: it can be reached. */
async function tabTo(page: Page, id: string, key = "Tab"): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${id} is not reached by ${key}`);
}

/** Columns of the map whose lower half is not empty. */
async function fetchedPixels(page: Page): Promise<number> {
  return (await countPixels(page, "held")) + (await countPixels(page, "received"));
}

function countPixels(page: Page, color: string): Promise<number> {
  return page.evaluate((name) => {
    const canvas = document.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return -1;
    const probe = document.createElement("canvas").getContext("2d");
    if (probe === null) return -1;
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--map-${name}`).trim();
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = context.getImageData(0, canvas.height - 4, canvas.width, 1);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) count += 1;
    }
    return count;
  }, color);
}
