import type { Command } from "commander";
import { formatBash } from "../completion/bash.ts";
import { describeVerbs } from "../completion/describe-verbs.ts";
import { formatFish } from "../completion/fish.ts";
import { formatZsh } from "../completion/zsh.ts";
import type { CommandContext } from "../output.ts";

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number];

const FORMATS = { bash: formatBash, zsh: formatZsh, fish: formatFish } as const;

/** `completion SHELL`: a script that completes verbs, options, their values and paths. */
export async function runCompletion(
  shell: Shell,
  program: Command,
  { output }: CommandContext,
): Promise<void> {
  await output.write(FORMATS[shell](describeVerbs(program)));
}
