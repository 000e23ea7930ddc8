import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";

const ROOT: string = new URL("../../", import.meta.url).pathname;

/** The command as a file of its own, made from the sources as they are: no `dist/` that may be stale or in the making. */
export interface BuiltCli {
  readonly path: string;
  remove(): Promise<void>;
}

/** Bundles the command into a temporary folder, laid out as in the package. */
export async function buildCli(): Promise<BuiltCli> {
  const folder = await mkdtemp(join(tmpdir(), "range-streams-cli-"));
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["source", "node"] },
    ssr: { noExternal: true, resolve: { conditions: ["source", "node"] } },
    build: {
      ssr: "src/cli/main.ts",
      outDir: join(folder, "dist/cli"),
      emptyOutDir: false,
      target: "node20",
      rolldownOptions: { output: { entryFileNames: "[name].js" } },
    },
  });
  await copyFile(join(ROOT, "package.json"), join(folder, "package.json"));
  return {
    path: join(folder, "dist/cli/main.js"),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** What a process left behind. */
export interface Finished {
  /** Null where a signal killed it. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  /** Stop reading its output after so many bytes, as `head -c` does. */
  readAtMost?: number;
  /** Send this signal once the first output has come. */
  signalAfterOutput?: NodeJS.Signals;
}

/** Runs the command as a process of its own. */
export function runCli(cli: BuiltCli, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli.path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    let length = 0;
    let stderr = "";
    child.on("error", reject);
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdout.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (options.signalAfterOutput !== undefined && chunks.length === 1)
        child.kill(options.signalAfterOutput);
      if (length >= (options.readAtMost ?? Number.POSITIVE_INFINITY)) child.stdout.destroy();
    });
    child.on("close", (code) => resolve({ code, stdout: Buffer.concat(chunks), stderr }));
  });
}
