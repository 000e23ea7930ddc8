import type { Command, Option } from "commander";

/** A verb, as completion scripts and the manual need it. */
export interface Verb {
  readonly name: string;
  readonly description: string;
  readonly options: readonly VerbOption[];
  /** What its one argument may be, where that is a choice; else arguments are paths. */
  readonly choices: readonly string[];
}

/** An option of a verb. */
export interface VerbOption {
  /** `-o`, where there is one. */
  readonly short: string | undefined;
  /** `--output`. */
  readonly long: string;
  readonly description: string;
  /** What its value is; undefined where it takes none. */
  readonly value:
    | { readonly kind: "file" | "directory" | "text"; readonly choices: readonly string[] }
    | undefined;
}

/** All verbs, in the order of the help. */
export function describeVerbs(program: Command): Verb[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: [
      ...command.options.map(describeOption),
      { short: "-h", long: "--help", description: "display help for command", value: undefined },
    ],
    choices: command.registeredArguments[0]?.argChoices ?? [],
  }));
}

function describeOption({
  short,
  long,
  flags,
  description,
  argChoices,
  required,
  optional,
}: Option): VerbOption {
  const kind = flags.includes("<dir>") ? "directory" : flags.includes("<file>") ? "file" : "text";
  const value = required || optional ? ({ kind, choices: argChoices ?? [] } as const) : undefined;
  return { short, long: long ?? short ?? flags, description, value };
}
