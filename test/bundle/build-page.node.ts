import { gzipSync } from "node:zlib";
import { build, defaultClientConditions, type Plugin, type Rolldown } from "vite";
import { root } from "../house/root.node.ts";

type OutputChunk = Rolldown.OutputChunk;

/** What a page's program becomes in a bundler that knows nothing of us. */
export interface BuiltPage {
  /** All files of the program, by name. */
  readonly chunks: ReadonlyMap<string, OutputChunk>;
  readonly entry: OutputChunk;
}

/** Bundles a program that imports from the sources as they are, with Vite as it comes. */
export async function buildPage(program: string): Promise<BuiltPage> {
  const page: Plugin = {
    name: "page",
    resolveId: (id) => (id === "page.js" ? `${root}/page.js` : undefined),
    load: (id) => (id === `${root}/page.js` ? program : undefined),
  };
  const built = await build({
    root,
    configFile: false,
    logLevel: "silent",
    plugins: [page],
    resolve: { conditions: ["source", ...defaultClientConditions] },
    build: { write: false, copyPublicDir: false, rolldownOptions: { input: "page.js" } },
  });
  const { output } = built as { output: readonly (OutputChunk | { type: "asset" })[] };
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry);
  if (entry === undefined) throw new Error("The bundler made no entry");
  return { chunks, entry };
}

/** The files that are loaded with one, itself included. */
export function loadedWith({ chunks }: BuiltPage, chunk: OutputChunk): ReadonlySet<OutputChunk> {
  const found = new Set([chunk]);
  for (const { imports } of found)
    for (const name of imports) {
      const imported = chunks.get(name);
      if (imported !== undefined) found.add(imported);
    }
  return found;
}

/** The file that holds a module of `src/`. */
export function chunkOf({ chunks }: BuiltPage, module: string): OutputChunk {
  const found = [...chunks.values()].find(({ moduleIds }) =>
    moduleIds.some((id) => id.endsWith(`/src/${module}`)),
  );
  if (found === undefined) throw new Error(`No file of the page holds ${module}`);
  return found;
}

/** What files take on the wire together, each by itself. */
export function gzippedBytes(chunks: Iterable<OutputChunk>): number {
  return [...chunks].reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
}
