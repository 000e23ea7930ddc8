import { playwright } from "@vitest/browser-playwright";
import { defaultClientConditions, defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";
import { chromiumLaunchOptions } from "./test/browser/chromium.node.ts";

// The same test files run in Node and in a real Chromium; `*.node.test.ts` in Node alone.
const include = ["src/**/*.test.ts", "test/**/*.test.ts"];
// Tests against foreign servers have a configuration of their own: `npm run test:servers`.
const exclude = ["test/servers/**"];

export default defineConfig({
  // The condition `source` makes the package's own names (`range-streams/zip`, `#inflate`) mean `src/`, not `dist/`.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  ssr: { resolve: { conditions: ["source", ...defaultServerConditions] } },
  test: {
    globalSetup: ["test/lab/global-setup.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    teardownTimeout: 10_000,
    projects: [
      { extends: true, test: { name: "node", environment: "node", include, exclude } },
      {
        extends: true,
        // Decoders that are loaded when a test meets them: found then, they would make the page load anew.
        optimizeDeps: {
          include: ["fzstd", "lzma1", "unbzip2-stream/lib/bzip2.js", "xxhash-wasm", "xz-decompress"],
        },
        test: {
          name: "browser",
          include,
          exclude: [...exclude, "**/*.node.test.ts"],
          // After the Node project, not beside it: many tests measure time.
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunchOptions() }),
            instances: [{ browser: "chromium" }],
          },
        },
      },
    ],
  },
});
