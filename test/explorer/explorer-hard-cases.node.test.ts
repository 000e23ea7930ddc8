import type { Page } from "playwright";
import { describe, expect, it } from "vitest";
import { serveExplorer } from "../../src/cli/explore/serve-explorer.ts";
import { startRangeServer } from "../../src/testing.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { openTab } from "./open-page.node.ts";
import {
  browser,
  built,
  FILES,
  inTab,
  linkTo,
  MIXED,
  member,
  rowsOf,
  served,
  server,
  useExplorer,
} from "./use-explorer.node.ts";

useExplorer();

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

/** Presses Tab until an element has the focus: it can be reached. */
async function tabTo(page: Page, id: string, key = "Tab"): Promise<void> {
  for (let presses = 0; presses < 30; presses++) {
    if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${id} is not reached by ${key}`);
}
