import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { build } from "vite";
import { chromiumLaunchOptions } from "../browser/chromium.node.ts";

const CONFIG: string = new URL("../../explorer/vite.config.ts", import.meta.url).pathname;

/** The page as it is shipped, built from the sources as they are. */
export interface BuiltExplorer {
  readonly page: URL;
  remove(): Promise<void>;
}

export async function buildExplorer(): Promise<BuiltExplorer> {
  const folder = await mkdtemp(join(tmpdir(), "range-streams-explorer-"));
  await build({ configFile: CONFIG, build: { outDir: folder } });
  return { page: pathToFileURL(`${folder}/`), remove: () => rm(folder, { recursive: true }) };
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ ...chromiumLaunchOptions(), headless: true });
}

/** A page that counts what must not happen in it. */
export interface WatchedPage {
  readonly page: Page;
  /** What broke the page's Content-Security-Policy. */
  violations(): Promise<string[]>;
  /** Errors that nobody caught, and dialogs. */
  readonly failures: string[];
}

/** Opens a tab of its own, in a profile of its own. `script` runs before the page does. */
export async function openTab(
  browser: Browser,
  options: BrowserContextOptions & { script?: string } = {},
): Promise<WatchedPage> {
  const { script, ...contextOptions } = options;
  const context = await browser.newContext(contextOptions);
  if (script !== undefined) await context.addInitScript({ content: script });
  await context.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { violationsSeen: seen });
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
      seen.push(`${effectiveDirective} ${blockedURI}`);
    });
  });
  const page = await context.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => failures.push(error.message));
  page.on("dialog", (dialog) => {
    failures.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return {
    page,
    failures,
    violations: () =>
      page.evaluate(() => (globalThis as unknown as { violationsSeen: string[] }).violationsSeen),
  };
}
