// Builds the explorer's page: `dist/explorer`, or the folder that is given. `npm run build` does it too.
import { resolve } from "node:path";
import { build } from "vite";

const [outDir] = process.argv.slice(2);
await build({
  configFile: new URL("../explorer/vite.config.ts", import.meta.url).pathname,
  ...(outDir === undefined ? {} : { build: { outDir: resolve(outDir) } }),
});
