import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// Opt-in: `npm run test:servers`. What a server needs that is not installed is skipped, and the skip says what to install.
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  ssr: { resolve: { conditions: ["source", ...defaultServerConditions] } },
  test: {
    name: "servers",
    environment: "node",
    include: ["test/servers/**/*.node.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
