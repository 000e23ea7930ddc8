import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { describeVerbs } from "../../src/cli/completion/describe-verbs.ts";
import { EXAMPLES } from "../../src/cli/examples.ts";
import { EXIT_MEANINGS } from "../../src/cli/exit-codes.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { run } from "../../src/cli/run.ts";
import { readManifest } from "../house/manifest.node.ts";
import { root } from "../house/root.node.ts";
import { formatManual } from "./format-manual.ts";

const MANUAL = join(root, "man/range-streams.1");

function program(): Command {
  const output = { write: async () => undefined, note: () => undefined };
  return buildProgram("0", { output, signal: new AbortController().signal }, () => undefined);
}

async function print(...args: string[]): Promise<string> {
  const chunks: string[] = [];
  const write = async (data: string | Uint8Array) => void chunks.push(String(data));
  await run(args, "9.9.9", {
    output: { write, note: (line) => chunks.push(line) },
    signal: new AbortController().signal,
  });
  return chunks.join("");
}

/** Whether a program is installed here: where it is not, there is nothing that could be asked. */
function isInstalled(name: string): boolean {
  return spawnSync(name, ["--version"]).error === undefined;
}

describe("the manual", () => {
  it("is what the verbs are now; `npm run manual` writes it anew", async () => {
    await expect(formatManual(program())).toMatchFileSnapshot(MANUAL);
  });

  it("is in the package", () => {
    const { man, files } = readManifest();
    expect([man, files.includes("man")]).toEqual(["./man/range-streams.1", true]);
  });

  it.runIf(isInstalled("groff"))("is read by groff without a warning", () => {
    const args = ["-man", "-ww", "-Tascii", MANUAL];
    const { status, stdout, stderr } = spawnSync("groff", args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    // Bold letters are struck twice on a printer.
    expect(stdout.replace(/.\u0008/g, "")).toContain("--sha256 <hex>");
  });
});

describe("the guide", () => {
  it("tells every exit code as the help does, every verb and every schema", async () => {
    const guide = await readFile(join(root, "docs/guide/command.md"), "utf8");
    const rows = [...guide.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, meaning]) => [
      Number(code),
      meaning,
    ]);
    expect(rows).toEqual([...EXIT_MEANINGS]);
    for (const { name } of describeVerbs(program())) expect(guide).toContain(`\`${name}\``);
    for (const file of await readdir(join(root, "docs/schemas")))
      expect(guide).toContain(`../schemas/${file})`);
  });
});

describe("help", () => {
  it("shows examples on every verb, with options that there are", async () => {
    for (const { name, options } of describeVerbs(program())) {
      const help = await print(name, "--help");
      for (const [args] of EXAMPLES[name] ?? []) {
        expect(help).toContain(`range-streams ${name} ${args}`.trimEnd());
        const flags = args.match(/(?<=\s|^)--?[a-zA-Z][\w-]*/g) ?? [];
        const known = options.flatMap(({ short, long }) => [short, long]);
        expect([name, flags.filter((flag) => !known.includes(flag))]).toEqual([name, []]);
      }
      expect([name, EXAMPLES[name]?.length ?? 0]).not.toEqual([name, 0]);
    }
  });
});

/** What bash offers for the last word. */
async function complete(...words: string[]): Promise<string[]> {
  const script = await print("completion", "bash");
  const asked = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _range_streams; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-c", `${script}\n${asked}`, "bash", "range-streams", ...words],
    { encoding: "utf8", cwd: join(root, "docs") },
  );
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

describe.runIf(isInstalled("bash"))("completion in bash", () => {
  it("is a script that bash takes", async () => {
    const { status, stderr } = spawnSync("bash", ["-n"], {
      input: await print("completion", "bash"),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
  });

  it("offers verbs, options, their values, shells and paths", async () => {
    const verbs = program().commands.map((command) => command.name());
    expect(await complete("")).toEqual([...verbs, "--help", "--version"]);
    expect(await complete("ex")).toEqual(["extract", "explore"]);
    expect(await complete("ls", "URL", "--r")).toEqual(["--receipt", "--recursive"]);
    expect(await complete("ls", "--policy", "")).toEqual(["fast", "balanced", "lean"]);
    expect(await complete("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(await complete("ls", "guide/ti")).toEqual([]);
    expect(await complete("ls", "guide/zi")).toEqual(["guide/zip.md"]);
    expect(await complete("extract", "URL", "-d", "gui")).toEqual(["guide"]);
    expect(await complete("cat", "URL", "--range", "")).toEqual([]);
  });
});

describe("completion in zsh and fish", () => {
  it.each(["zsh", "fish"])("%s: knows every verb and option", async (shell) => {
    const script = await print("completion", shell);
    for (const { name, options } of describeVerbs(program())) {
      expect(script).toContain(name);
      for (const { long } of options)
        expect(script).toContain(shell === "fish" ? `-l ${long.slice(2)}` : long);
    }
    if (isInstalled(shell)) {
      const { status, stderr } = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });

  it("is INVALID_ARGUMENT for a shell that there is no script for", async () => {
    expect(await print("completion", "csh")).toContain("INVALID_ARGUMENT: ");
  });
});
