import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright";
import { describe, expect, it } from "vitest";
import { patternBytes, startRangeServer } from "../../src/testing.ts";
import { SAMPLE_METHODS } from "../zip/compressed-samples.ts";
import {
  FILES,
  inTab,
  linkTo,
  member,
  rowsOf,
  served,
  server,
  TAR,
  useExplorer,
} from "./use-explorer.node.ts";

/** Directory of the sample: what its last 64 KiB and its first 32 KiB, which tell the format, cost. */
const OPENING_BYTES = 65_536 + 32_768;
const axeScript: string = axe.source;

useExplorer();

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
      { script: axeScript, colorScheme },
    );
  });

  it("finds something wrong where something is, so that the test above can fail", async () => {
    await inTab(
      async (page) => {
        await page.goto(served.url);
        await page.evaluate(() => document.body.append(document.createElement("button")));
        expect(await findings(page)).toEqual([expect.stringContaining("critical button-name")]);
      },
      { script: axeScript },
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
