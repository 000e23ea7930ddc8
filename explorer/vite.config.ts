import { minify } from "terser";
import { defaultClientConditions, defineConfig, type Plugin } from "vite";

const here = decodeURIComponent(new URL(".", import.meta.url).pathname);

/** The library for lzma is one class that compresses too: the half of it that nobody calls is a sixteenth of the page. */
const withoutEncoder: Plugin = {
  name: "without-encoder",
  enforce: "pre",
  resolveId: (source, importer) =>
    source === "./encoder.js" && importer?.includes("/lzma1/") === true ? `${here}no-encoder.ts` : undefined,
};

/** What lays the page's source out is a part of its weight. */
const withoutIndent: Plugin = {
  name: "without-indent",
  transformIndexHtml: { order: "post", handler: (html) => html.replace(/\s+/g, " ") },
};

/** What Vite's minifier leaves is 150 kB gzipped; terser takes 2.5 off that, and by itself it would leave more. */
const minifiedAgain: Plugin = {
  name: "minified-again",
  async generateBundle(_, bundle) {
    for (const file of Object.values(bundle)) {
      if (file.type !== "chunk") continue;
      const { code } = await minify(file.code, { module: true, ecma: 2020, compress: { passes: 2 } });
      if (code !== undefined) file.code = code;
    }
  },
};

// Plain files with relative addresses, so that the page works under any path. No script or style stands in the page itself: its
// Content-Security-Policy allows none.
export default defineConfig({
  root: here,
  base: "./",
  logLevel: "warn",
  plugins: [withoutEncoder, withoutIndent, minifiedAgain],
  resolve: {
    conditions: ["source", ...defaultClientConditions],
    // A module of Node's that a decoder names for Node 16; browsers need nothing in its place.
    alias: { "stream/web": `${here}nothing.ts` },
  },
  build: {
    outDir: `${here}../dist/explorer`,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      // Minifying twice is most of a build, which is known.
      checks: { pluginTimings: false },
      output: {
        comments: { legal: false },
        // What the decoders share, and the page has as well: seven files of a few hundred bytes by themselves.
        codeSplitting: {
          groups: [
            { name: "shared", test: /\/src\/(?:errors\.|bytes\/|compress\/(?:check-decoded|broken-stream))/ },
          ],
        },
      },
    },
  },
});
