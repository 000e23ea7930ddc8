import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";
import { build, runnerImport } from "vite";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What the page does: the same as node-listing.mjs. */
const PROGRAM = `
  import { openZip } from "BUILT/dist/zip.js";
  globalThis.list = async (url) => {
    const began = performance.now();
    const archive = await openZip(url);
    const names = archive.entries.map(({ name }) => name);
    const ms = performance.now() - began;
    await archive.close();
    return { ms, names: names.length, last: names.at(-1) };
  };
`;

/** The page's program, bundled as a user bundles it: `{ entry, files }`, the files by their paths. */
async function bundle(built) {
  const program = PROGRAM.replace("BUILT/", fileURLToPath(built));
  const page = {
    name: "page",
    resolveId: (id) => (id === "page.js" ? `${root}page.js` : undefined),
    load: (id) => (id === `${root}page.js` ? program : undefined),
  };
  // A module of Node's that a decoder names for Node 16; browsers need nothing in its place.
  const alias = { "stream/web": fileURLToPath(new URL("../../explorer/nothing.ts", import.meta.url)) };
  const { output } = await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [page],
    resolve: { alias },
    build: { write: false, rolldownOptions: { input: "page.js" } },
  });
  const files = new Map(output.map(({ fileName, code, source }) => [`/${fileName}`, code ?? source]));
  return { entry: `/${output.find(({ isEntry }) => isEntry).fileName}`, files };
}

/** Serves the page, and opens it in the Chromium of the tests. */
export async function startPages(built) {
  const { entry, files } = await bundle(built);
  const server = createServer(({ url }, response) => {
    const file = files.get(url);
    response.setHeader("Content-Type", file === undefined ? "text/html" : "text/javascript");
    response.end(file ?? `<!doctype html><script type="module" src="${entry}"></script>`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { module } = await runnerImport(`${root}test/browser/chromium.node.ts`, { logLevel: "silent" });
  const browser = await chromium.launch({ ...module.chromiumLaunchOptions(), headless: true });
  return {
    version: browser.version(),
    /** A page in a profile of its own, loaded. */
    async open() {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`http://127.0.0.1:${server.address().port}/`, { waitUntil: "networkidle" });
      await page.waitForFunction("globalThis.list !== undefined");
      return { list: (url) => page.evaluate(`list(${JSON.stringify(url)})`), close: () => context.close() };
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
