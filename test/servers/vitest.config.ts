import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// `npm run test:servers`, and part of `npm run check` where one of them is installed. What is not, is skipped and named.
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  ssr: { resolve: { conditions: ["source", ...defaultServerConditions] } },
  test: {
    name: "servers",
    environment: "node",
    globalSetup: ["test/servers/servers.node.ts"],
    include: ["test/servers/**/*.node.test.ts"],
    // Also on two processors: these tests wait for other processes more than they compute.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
