import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readManifest } from "./manifest.node.ts";
import { root } from "./root.node.ts";

/** How a process ended. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** A folder in which the package is installed as a user installs it, from its tarball. */
export interface Consumer {
  readonly directory: string;
  /** What the tarball holds. */
  readonly packed: readonly string[];
  /** Runs a program of Node's in the folder. */
  node(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  write(name: string, text: string): void;
  remove(): void;
}

/** Builds the sources as they are (not `dist/`, which may be stale), packs them, and installs the tarball offline. */
export async function installPackedPackage(): Promise<Consumer> {
  const directory = mkdtempSync(join(tmpdir(), "range-streams-consumer-"));
  try {
    const staging = join(directory, "staging");
    const tarball = await pack(staging);
    rmSync(staging, { recursive: true });
    await install(directory, tarball.filename);
    return {
      directory,
      packed: tarball.files.map(({ path }) => path),
      node: (args, env = {}) => run(process.execPath, args, { cwd: directory, env }),
      write: (name, text) => writeFileSync(join(directory, name), text),
      remove: () => rmSync(directory, { recursive: true }),
    };
  } catch (error) {
    rmSync(directory, { recursive: true });
    throw error;
  }
}

async function pack(staging: string): Promise<{ filename: string; files: { path: string }[] }> {
  mkdirSync(staging);
  const { files } = readManifest();
  const shipped = [
    "package.json",
    "README.md",
    "LICENSE",
    ...files.filter((name) => !/^!|^dist$/.test(name)),
  ];
  for (const name of shipped.filter((path) => existsSync(join(root, path)))) {
    cpSync(join(root, name), join(staging, name), { recursive: true });
  }
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const outDir = join(staging, "dist");
  await succeed(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", outDir], root);
  await succeed(process.execPath, [join(root, "scripts/build-explorer.mjs"), join(outDir, "explorer")], root);
  const packed = await succeed(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", ".."],
    staging,
  );
  return (JSON.parse(packed) as [{ filename: string; files: { path: string }[] }])[0];
}

async function install(directory: string, tarball: string): Promise<void> {
  const { name, dependencies } = readManifest();
  const local = Object.keys(dependencies).map((each) => [each, `file:${join(root, "node_modules", each)}`]);
  const manifest = { private: true, type: "module", dependencies: Object.fromEntries(local) };
  manifest.dependencies[name] = `file:${tarball}`;
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
  const quiet = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  await succeed("npm", ["install", ...quiet, "--cache", join(directory, "npm-cache")], directory);
  mkdirSync(join(directory, "node_modules/@types"));
  symlinkSync(join(root, "node_modules/@types/node"), join(directory, "node_modules/@types/node"));
}

async function succeed(command: string, args: string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { cwd });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

function run(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: 60_000 };
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr });
    });
  });
}
