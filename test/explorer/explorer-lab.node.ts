import type { Browser, Locator, Page } from "playwright";
import { expect } from "vitest";
import { type ExplorerServer, serveExplorer } from "../../src/cli/explore/serve-explorer.ts";
import { type RangeServer, startRangeServer } from "../../src/testing.ts";
import { type BuiltExplorer, buildExplorer, launchChromium, openTab } from "./open-page.node.ts";

/** The page, a server of files beside it, and a browser. */
export class ExplorerLab implements AsyncDisposable {
  readonly built: BuiltExplorer;
  readonly browser: Browser;
  readonly server: RangeServer;
  readonly served: ExplorerServer;

  private constructor(parts: Pick<ExplorerLab, "built" | "browser" | "server" | "served">) {
    this.built = parts.built;
    this.browser = parts.browser;
    this.server = parts.server;
    this.served = parts.served;
  }

  static async start(options: Parameters<typeof startRangeServer>[0]): Promise<ExplorerLab> {
    const [built, browser, server] = await Promise.all([
      buildExplorer(),
      launchChromium(),
      startRangeServer(options),
    ]);
    const served = await serveExplorer({ page: built.page });
    return new ExplorerLab({ built, browser, server, served });
  }

  /** A link to a file of the server, and to a member of it. */
  linkTo(name: string, path: readonly string[] = [], from: ExplorerServer = this.served): string {
    const fields = new URLSearchParams({ url: `${this.server.url}/${name}` });
    for (const member of path) fields.append("path", member);
    return `${from.url}?${fields}`;
  }

  /** A tab of its own, in which nothing may break the page's policy, and no error may be left alone. */
  async inTab(
    work: (page: Page) => Promise<void>,
    options: Parameters<typeof openTab>[1] = {},
  ): Promise<void> {
    const tab = await openTab(this.browser, options);
    try {
      await work(tab.page);
      expect(tab.failures).toEqual([]);
      expect(await tab.violations()).toEqual([]);
    } finally {
      await tab.page.context().close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    await Promise.all([this.served.close(), this.server.close(), this.built.remove()]);
  }
}

/** The lines of the tree that bear a name. */
export function rowsOf(page: Page, name: string): Locator {
  return page.locator("#tree [role=row][aria-level]").filter({ hasText: name });
}

/** The id of what has the focus; "" for the body and for what has no id. */
export function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.id ?? "");
}
