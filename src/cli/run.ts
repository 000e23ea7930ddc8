import { Command, CommanderError, Option } from "commander";
import { isRangeStreamsError } from "../index.ts";
import { type CatOptions, runCat } from "./commands/cat.ts";
import { runDemo } from "./commands/demo.ts";
import { collectOption, type DoctorOptions, runDoctor } from "./commands/doctor.ts";
import { type ExploreOptions, runExplore } from "./commands/explore.ts";
import { type ExtractCommandOptions, runExtract } from "./commands/extract.ts";
import { type IndexCommandOptions, runIndex } from "./commands/index-archive.ts";
import { runInfo } from "./commands/info.ts";
import { type LsOptions, type ReportOptions, runLs } from "./commands/ls.ts";
import { type PlanOptions, runPlan } from "./commands/plan.ts";
import { EarlyEnd } from "./early-end.ts";
import { escapeText } from "./escape-text.ts";
import { EXIT, EXIT_MEANINGS, exitCodeOf } from "./exit-codes.ts";
import type { CommandContext } from "./output.ts";
import { POLICIES, type SourceOptions } from "./source-options.ts";

/** Runs one command line, without the names of node and script. Never rejects: resolves to the exit code. */
export async function run(
  args: readonly string[],
  version: string,
  context: CommandContext,
): Promise<number> {
  const shown: string[] = [];
  const program = buildProgram(version, context, (text) => shown.push(text));
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return EXIT.success;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) {
      return context.output.write(shown.join("")).then(() => EXIT.success, conclude);
    }
    return conclude(context.signal.aborted ? context.signal.reason : thrown);
  }

  function conclude(error: unknown): number {
    if (error instanceof EarlyEnd) return error.exitCode;
    context.output.note(`range-streams: ${escapeText(describeError(error))}`);
    return error instanceof CommanderError ? EXIT.usage : exitCodeOf(error);
  }
}

function describeError(error: unknown): string {
  if (isRangeStreamsError(error)) return `${error.code}: ${error.message}`;
  if (error instanceof CommanderError) {
    return `INVALID_ARGUMENT: ${error.message.replace(/^error: /, "")}; see range-streams --help`;
  }
  return `UNEXPECTED: ${error instanceof Error ? error.message : String(error)}`;
}

/** `show` gets what commander itself prints to standard output: help and version. */
function buildProgram(version: string, context: CommandContext, show: (text: string) => void): Command {
  const program = new Command("range-streams")
    .description("Read anywhere in a remote file without downloading it.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: show, writeErr: () => undefined })
    .addHelpText("after", `\nExit codes:\n${formatExitCodes()}`);
  addReaders(program, context);
  program
    .command("doctor")
    .description("what a server does right and wrong with ranges, what it costs and which header mends it")
    .argument("<url>", "an http(s) URL")
    .option("--json", "print JSON")
    .option("--origin <origin>", "also what a page of this origin may read (CORS), e.g. https://app.example")
    .option("--header <line>", "send 'Name: value' along; may be given several times", collectOption)
    .action((url: string, options: DoctorOptions) => runDoctor(url, options, context));
  program
    .command("explore")
    .description("look into a file in the browser: members, what is in them, and which bytes moved")
    .argument("[input]", "an http(s) URL, or the path of a local file; without one the page asks")
    .option("--port <n>", "listen there, on loopback; any free port where it is left out")
    .option("--no-open", "print the address and open no browser")
    .option("--proxy", "also read files whose servers let no page read them, by a relay on this computer")
    .action((input: string | undefined, options: ExploreOptions) => runExplore(input, options, context));
  addReporter(program, "demo", "see all of it at work on a server of its own").action(
    (options: ReportOptions) => runDemo(options, context),
  );
  return program;
}

function addReporter(program: Command, usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option("--json", "print JSON")
    .option("--receipt", "say what it cost: requests, bytes moved, share of the file");
}

/** The commands that read a file, and the options that all of them share. */
function addReaders(program: Command, context: CommandContext): void {
  const add = (usage: string, description: string): Command =>
    addReporter(program, usage, description)
      .argument("<url>", "an http(s) URL, or the path of a local file")
      .addOption(
        new Option("--policy <policy>", "how freely bytes are spent for time; default balanced").choices(
          POLICIES,
        ),
      )
      .option("--max-bytes <n>", "receive at most n bytes; also nK, nM, nG (powers of 1,024)")
      .option("--cache <dir>", "keep what is read in this directory, for later runs; 'none' keeps nothing");
  add("info", "name, size, identity and type of a file, from one request").action(
    (url: string, options: ReportOptions & SourceOptions) => runInfo(url, options, context),
  );
  addArchiveReaders(add, context);
}

/** The commands that read archives of any format. */
function addArchiveReaders(
  add: (usage: string, description: string) => Command,
  context: CommandContext,
): void {
  const index = [
    "--index <file>",
    "open from an index of the archive, which the command index wrote",
  ] as const;
  add("ls", "list what is in an archive: a zip from one request as a rule, a tar from its headers")
    .option("-l, --long", "kinds, modes, stored sizes, checksums and targets of links as well")
    .option(...index)
    .action((url: string, options: LsOptions) => runLs(url, options, context));
  add("cat", "write a file, a member of an archive, or a part of either to standard output")
    .argument("[member]", "the exact name of a member, as ls prints it")
    .option("--range <a-b>", "bytes a to b, both included, as in HTTP and curl; also a- and -n")
    .option("--head <n>", "the first n bytes, or as many as there are")
    .option("--tail <n>", "the last n bytes, or as many as there are")
    .option(...index)
    .action((url: string, member: string | undefined, options: CatOptions) =>
      runCat(url, { ...options, member }, context),
    );
  add("extract", "write members of an archive as files, whole or not at all; run again, it goes on")
    .argument(
      "[members...]",
      "names, folders or patterns: * ? [a-z] in a folder, ** across folders; all where none",
    )
    .requiredOption("-d, --directory <dir>", "where to write; made where it is missing")
    .option("--overwrite", "replace files that are there and differ")
    .option("--skip-unsafe", "leave unsafe names out; without it one such is refused, and nothing is written")
    .option("--links", "make symlinks, those that stay inside; without it they are left out")
    .option("--local-names", "take every name that this file system takes, not those alone that all do")
    .option("--quiet", "show no progress, and say nothing but errors")
    .option(...index)
    .action((url: string, members: string[], options: ExtractCommandOptions) =>
      runExtract(url, { ...options, members }, context),
    );
  add("index", "where each member of an archive lies and what it is, as JSON for --index")
    .option("-o, --output <file>", "write it there; standard output where it is left out")
    .option("--overwrite", "replace the file that is there")
    .action((url: string, options: IndexCommandOptions) => runIndex(url, options, context));
  add("plan", "what would be fetched for a file, parts of it or members of an archive; fetches none of that")
    .argument("[members...]", "names, folders or patterns, as extract takes them")
    .option("--range <a-b>", "as cat takes it; several with commas, or given several times", collectOption)
    .option(...index)
    .action((url: string, members: string[], options: PlanOptions) =>
      runPlan(url, { ...options, members }, context),
    );
}

function formatExitCodes(): string {
  return [...EXIT_MEANINGS].map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join("\n");
}
