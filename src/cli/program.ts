import { Argument, Command } from "commander";
import { runCompletion, SHELLS, type Shell } from "./commands/completion.ts";
import { type DemoOptions, runDemo } from "./commands/demo.ts";
import { type DoctorOptions, runDoctor } from "./commands/doctor.ts";
import { type ExploreOptions, runExplore } from "./commands/explore.ts";
import { formatExamples } from "./examples.ts";
import { EXIT_MEANINGS } from "./exit-codes.ts";
import type { CommandContext } from "./output.ts";
import { addReaders } from "./reader-commands.ts";
import { collectOption } from "./source-options.ts";

/**
 * The command with all its verbs: what runs them, and what help, completions and the manual are made from. `show` gets what commander
 * itself prints to standard output: help and version.
 */
export function buildProgram(
  version: string,
  context: CommandContext,
  show: (text: string) => void,
): Command {
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
    .option("--receipt", "say what it cost: requests, bytes moved, share of the file")
    .option("--origin <origin>", "also what a page of this origin may read (CORS), e.g. https://app.example")
    .option("--header <line>", "send 'Name: value' along; may be given several times", collectOption)
    .option("--quiet", "as for other verbs; there is no progress to show")
    .action((url: string, options: DoctorOptions) => runDoctor(url, options, context));
  program
    .command("explore")
    .description("look into a file in the browser: members, what is in them, and which bytes moved")
    .argument("[input]", "an http(s) URL, or the path of a local file; without one the page asks")
    .option("--port <n>", "listen there, on loopback; any free port where it is left out")
    .option("--no-open", "print the address and open no browser")
    .option("--proxy", "also read files whose servers let no page read them, by a relay on this computer")
    .action((input: string | undefined, options: ExploreOptions) => runExplore(input, options, context));
  program
    .command("completion")
    .description("print a script by which a shell completes verbs and options")
    .addArgument(new Argument("<shell>", "which shell").choices(SHELLS))
    .action((shell: Shell) => runCompletion(shell, program, context));
  program
    .command("demo")
    .description("see all of it at work on a server of its own")
    .option("--json", "print JSON")
    .option("--receipt", "say what it cost: requests, bytes moved, share of the file")
    .option("--explore", "then open its zip in the explorer; Ctrl-C ends it")
    .option("--no-open", "with --explore: print the address and open no browser")
    .action((options: DemoOptions) => runDemo(options, context));
  for (const command of program.commands) command.addHelpText("after", formatExamples(command.name()));
  return program;
}

function formatExitCodes(): string {
  return [...EXIT_MEANINGS].map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join("\n");
}
