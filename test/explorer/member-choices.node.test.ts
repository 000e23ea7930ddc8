import { afterAll, beforeAll, expect, it } from "vitest";
import { patternBytes, startRangeServer } from "../../src/testing.ts";
import { tarBlock } from "../tar/build-tar.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { ExplorerLab, focused, rowsOf } from "./explorer-lab.node.ts";

const INNER = buildZip([{ name: "inside.txt", data: text("read in place\n") }]);
const FILES = {
  "outer.zip": buildZip([
    { name: "bad.zip", data: text("PK\x03\x04 and no zip after all") },
    { name: "inner.zip", data: INNER },
    { name: "readme.txt", data: text("the outer one\n") },
  ]),
  "twins.zip": buildZip([
    { name: "a.txt", data: text("the first\n") },
    { name: "a.txt", data: text("the second\n") },
    { name: "b/c.txt", data: text("in a folder\n") },
  ]),
  "links.tar": new Uint8Array([
    ...tarBlock({ name: "one.txt", data: "what both names mean\n" }),
    ...tarBlock({ name: "two.txt", type: "1", linkName: "one.txt" }),
    ...tarBlock({ name: "large.bin", data: patternBytes(200_000, 5) }),
    ...tarBlock({ name: "pipe", type: "6" }),
    ...new Uint8Array(1024),
  ]),
  "large.bin": patternBytes(200_000, 3),
  "large.zip": buildZip([{ name: "large.bin", data: patternBytes(200_000, 4) }]),
};

let lab: ExplorerLab;

beforeAll(async () => {
  lab = await ExplorerLab.start({ files: FILES });
}, 60_000);
afterAll(() => lab[Symbol.asyncDispose]());

it("a link into an archive that cannot be opened tells why, and shows nothing else in its place", () =>
  lab.inTab(async (page) => {
    await page.goto(lab.linkTo("outer.zip", ["bad.zip", "readme.txt"]));
    const status = page.locator("#status");
    await expect.poll(() => status.textContent()).toMatch(/^It could not be opened: FORMAT: /);
    await page.waitForLoadState("networkidle");
    expect(await status.textContent()).toMatch(/^It could not be opened: FORMAT: /);
    expect(await page.locator("#preview").textContent()).toContain("Choose a member");
    expect(await page.locator("#tree [aria-selected=true]").count()).toBe(0);
    expect(new URL(page.url()).searchParams.getAll("path")).toEqual([]);
  }));

it("an archive that cannot be opened is told by the code of its error", () =>
  lab.inTab(async (page) => {
    await page.goto(lab.linkTo("outer.zip"));
    await rowsOf(page, "bad.zip").click();
    await page.getByRole("button", { name: "Open this archive" }).click();
    await expect
      .poll(() => page.locator("#status").textContent())
      .toMatch(/^It could not be opened: FORMAT: Opened /);
  }));

it("the keyboard goes on in the members, where the button that opened them is gone", () =>
  lab.inTab(async (page) => {
    await page.goto(lab.linkTo("outer.zip", ["inner.zip"]));
    await page.getByRole("button", { name: "Open this archive" }).focus();
    await page.keyboard.press("Enter");
    await rowsOf(page, "inside.txt").waitFor();
    await expect.poll(() => focused(page)).toBe("tree");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("pre.text").textContent()).toBe("read in place\n");
    await page.locator("#levels").getByRole("button", { name: "outer.zip" }).focus();
    await page.keyboard.press("Enter");
    await rowsOf(page, "readme.txt").waitFor();
    await expect.poll(() => focused(page)).toBe("tree");
  }));

it.each([
  ["outer.zip", "tree"],
  ["large.bin", "content"],
])("the keyboard goes on in the whole file that was taken, %s", async (name, id) => {
  await using whole = await startRangeServer({ files: FILES, maxRanges: 0 });
  await lab.inTab(async (page) => {
    await page.goto(`${lab.served.url}?${new URLSearchParams({ url: `${whole.url}/${name}` })}`);
    await page.getByRole("button", { name: "Take the whole file" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("#workbench").waitFor();
    await expect.poll(() => focused(page)).toBe(id);
  });
});

it("a hard link has the content of its target", () =>
  lab.inTab(
    async (page) => {
      await page.goto(lab.linkTo("links.tar", ["two.txt"]));
      await expect.poll(() => page.locator("pre.text").textContent()).toBe("what both names mean\n");
      expect(await page.locator("#preview").textContent()).toContain("It points to one.txt.");
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Download" }).click(),
      ]);
      expect(saved.suggestedFilename()).toBe("two.txt");
      await rowsOf(page, "pipe").click();
      await expect
        .poll(() => page.locator(".preview-body").textContent())
        .toBe("This is a link or a device: it has no content of its own.");
      expect(await page.getByRole("button", { name: "Download" }).count()).toBe(0);
    },
    { acceptDownloads: true },
  ));

it("of two members with one name the one that was pressed is marked and looked at", () =>
  lab.inTab(async (page) => {
    await page.goto(lab.linkTo("twins.zip"));
    const twins = rowsOf(page, "a.txt");
    const marked = () =>
      page
        .locator("#tree [aria-selected=true], #tree .active")
        .evaluateAll((rows) => rows.map(({ id }) => id));
    for (const [index, content] of [
      [1, "the second\n"],
      [0, "the first\n"],
    ] as const) {
      const row = twins.nth(index);
      await row.click();
      await expect.poll(() => page.locator("pre.text").textContent()).toBe(content);
      expect(await marked()).toEqual([await row.getAttribute("id")]);
    }
  }));

it.each([
  ["large.bin", [], "The first 8.2 kB."],
  ["links.tar", ["large.bin"], "The first 8.2 kB."],
  ["large.zip", ["large.bin"], "The first 8.2 kB, not checked against its checksum, which needs all of it."],
])("a checksum is spoken of where there is one: %s", (name, path, note) =>
  lab.inTab(async (page) => {
    await page.goto(lab.linkTo(name, path));
    await page.locator("pre.hex").waitFor();
    expect(await page.locator(".preview-body p").textContent()).toBe(note);
  }),
);
