import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./root.node.ts";

/** One finding of the linter. */
export interface Finding {
  file: string;
  line: number;
  /** `eslint(no-restricted-imports)` and the like. */
  rule: string;
}

/** What the project's linter, with the project's configuration, says of a tree of files that exists nowhere else. */
export function lintTree(files: Record<string, string>): Finding[] {
  const directory = mkdtempSync(join(tmpdir(), "range-streams-walls-"));
  try {
    for (const name of [".oxlintrc.json", "tsconfig.json"]) cpSync(join(root, name), join(directory, name));
    symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
    const run = spawnSync(process.execPath, [oxlint, "--format", "json"], {
      cwd: directory,
      encoding: "utf8",
      maxBuffer: 2 ** 27,
    });
    if (!run.stdout.startsWith("{")) throw new Error(`The linter did not report: ${run.stdout}${run.stderr}`);
    return (JSON.parse(run.stdout) as Report).diagnostics.map((found) => ({
      file: found.filename,
      line: found.labels[0]?.span.line ?? 0,
      rule: found.code,
    }));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Report {
  diagnostics: { filename: string; code: string; labels: { span: { line: number } }[] }[];
}
