import { CommanderError } from "commander";
import { isRangeStreamsError } from "../index.ts";
import { EarlyEnd } from "./early-end.ts";
import { escapeText } from "./escape-text.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import { hideSecrets } from "./hide-secrets.ts";
import type { CommandContext } from "./output.ts";
import { buildProgram } from "./program.ts";

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
    // The message tells of an option of the library; here there is a command.
    if (isRangeStreamsError(error, "RANGE_IGNORED"))
      context.output.note(
        "range-streams: `range-streams get` takes the whole file; then give that file here",
      );
    return error instanceof CommanderError ? EXIT.usage : exitCodeOf(error);
  }
}

function describeError(error: unknown): string {
  if (isRangeStreamsError(error)) return `${error.code}: ${error.message}`;
  if (error instanceof CommanderError) {
    // What it quotes was typed, and may be a URL in the place of a verb.
    const message = error.message.replace(/^error: /, "").replace(/'[^']*'/g, hideSecrets);
    return `INVALID_ARGUMENT: ${message}; see range-streams --help`;
  }
  return `UNEXPECTED: ${error instanceof Error ? error.message : String(error)}`;
}
