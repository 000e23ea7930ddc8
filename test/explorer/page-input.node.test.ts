import type { CDPSession, Page } from "playwright";
import { afterAll, beforeAll, expect, it } from "vitest";
import { patternBytes } from "../../src/testing.ts";
import { buildZip, text } from "../zip/build-zip.ts";
import { ExplorerLab } from "./explorer-lab.node.ts";

const FILES = {
  "two.zip": buildZip([
    { name: "first.bin", data: patternBytes(500_000, 1) },
    { name: "second.txt", data: text("x".repeat(499_000)) },
  ]),
};

let lab: ExplorerLab;

beforeAll(async () => {
  lab = await ExplorerLab.start({ files: FILES });
}, 60_000);
afterAll(() => lab[Symbol.asyncDispose]());

it("a plain word is no address: nothing is asked, and the field says what to give", () =>
  lab.inTab(async (page) => {
    const asked: string[] = [];
    await page.goto(lab.served.url);
    await page.waitForLoadState("networkidle");
    page.on("request", (request) => asked.push(request.url()));
    await page.locator("#url").fill("garbage");
    await page.keyboard.press("Enter");
    const message = () => page.locator("#url").evaluate((field: HTMLInputElement) => field.validationMessage);
    await expect.poll(message).toContain("Give an address that begins with https://");
    expect(asked).toEqual([]);
    expect(await page.locator("#failure").isVisible()).toBe(false);
  }));

/** Fingers that come, move or go, by their positions in shares of the width of the map; undefined: what that one does stays. */
async function touch(
  page: Page,
  session: CDPSession,
  type: "touchStart" | "touchMove" | "touchEnd",
  ...shares: readonly (number | undefined)[]
): Promise<void> {
  const { x, y, width, height } = (await page.locator("#strip").boundingBox()) ?? {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
  };
  const touchPoints = shares.flatMap((share, id) =>
    share === undefined ? [] : [{ id, x: x + share * width, y: y + height / 2 }],
  );
  await session.send("Input.dispatchTouchEvent", { type, touchPoints });
}

/** What of the file the map shows, in shares of all. */
async function seen(page: Page): Promise<readonly [number, number]> {
  const said = (await page.locator("#map-extent").textContent()) ?? "";
  const [start = 0, end = 0] = (/bytes ([\d,]+) to ([\d,]+)/.exec(said) ?? ["", "0", "1000"])
    .slice(1)
    .map((count) => Number(count.replaceAll(",", "")));
  const size = FILES["two.zip"].length;
  return [start / size, end / size];
}

it("two fingers zoom the map where they are, one moves it, and neither is a press", () =>
  lab.inTab(
    async (page) => {
      await page.goto(lab.linkTo("two.zip"));
      await page.locator("#tree [role=row][aria-level]").first().waitFor();
      await expect.poll(() => page.locator("#map-extent").textContent()).toBe("999.2 kB");
      const session = await page.context().newCDPSession(page);
      const near = (share: number) => expect.closeTo(share, 1);

      await touch(page, session, "touchStart", 0.6, 0.7);
      for (const by of [0.02, 0.06, 0.1, 0.15]) await touch(page, session, "touchMove", 0.6 - by, 0.7 + by);
      // Four times as far apart: a quarter of the file, with the same byte in the middle of both.
      await expect.poll(() => seen(page)).toEqual([near(0.4875), near(0.7375)]);
      await touch(page, session, "touchMove", 0.25, 0.65);
      const [start, end] = [0.65 - 0.45 / 4, 0.65 + 0.55 / 4];
      await expect.poll(() => seen(page)).toEqual([expect.closeTo(start, 2), expect.closeTo(end, 2)]);
      await touch(page, session, "touchEnd");
      await page.waitForTimeout(100);
      expect(await page.locator("#preview h2").textContent()).toBe("Preview");

      await touch(page, session, "touchStart", 0.5);
      for (const by of [0.1, 0.2, 0.4]) await touch(page, session, "touchMove", 0.5 + by);
      await expect
        .poll(() => seen(page))
        .toEqual([expect.closeTo(start - 0.1, 2), expect.closeTo(end - 0.1, 2)]);
      await touch(page, session, "touchEnd");

      await touch(page, session, "touchStart", 0.9);
      await touch(page, session, "touchEnd");
      await expect.poll(() => page.locator("#preview h2").textContent()).toBe("second.txt");
    },
    { hasTouch: true },
  ));

it("after a pinch one finger goes on from where it is", () =>
  lab.inTab(
    async (page) => {
      await page.goto(lab.linkTo("two.zip"));
      await page.locator("#tree [role=row][aria-level]").first().waitFor();
      const session = await page.context().newCDPSession(page);
      await touch(page, session, "touchStart", 0.4, 0.6);
      for (const by of [0.02, 0.06, 0.1]) await touch(page, session, "touchMove", 0.4 - by, 0.6 + by);
      await expect.poll(() => seen(page)).toEqual([expect.closeTo(0.25, 2), expect.closeTo(0.75, 2)]);
      await touch(page, session, "touchEnd", undefined, 0.7);
      await touch(page, session, "touchMove", 0.35);
      await touch(page, session, "touchMove", 0.4);
      await expect.poll(() => seen(page)).toEqual([expect.closeTo(0.2, 2), expect.closeTo(0.7, 2)]);
      await touch(page, session, "touchEnd");
      await page.waitForTimeout(100);
      expect(await page.locator("#preview h2").textContent()).toBe("Preview");
    },
    { hasTouch: true },
  ));
