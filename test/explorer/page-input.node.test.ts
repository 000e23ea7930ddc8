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
