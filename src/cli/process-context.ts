import { EarlyEnd } from "./early-end.ts";
import { EXIT } from "./exit-codes.ts";
import { fileError } from "./file-error.ts";
import type { CommandContext } from "./output.ts";

/** The streams and signals of this process, as a command sees them. `release` takes the listeners away. */
export function processContext(): CommandContext & { release(): void } {
  const ending = new AbortController();
  const { signal } = ending;
  const onInterrupt = (): void => ending.abort(new EarlyEnd(EXIT.interrupted));
  const onTerminate = (): void => ending.abort(new EarlyEnd(EXIT.terminated));
  // Once each: a second Ctrl-C ends the process the ordinary way.
  process.once("SIGINT", onInterrupt);
  process.once("SIGTERM", onTerminate);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    ending.abort(endOf(error));
  });
  process.stderr.on("error", () => undefined);
  return {
    signal,
    output: {
      write: (data) => writeToStdout(data, signal),
      note: (line) => {
        process.stderr.write(`${line}\n`);
      },
      progress: process.stderr.isTTY ? showProgress : undefined,
    },
    release: () => {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}

/** EPIPE: whoever read us (`| head`) has what they wanted. Anything else is as with other files. */
function endOf(error: NodeJS.ErrnoException): unknown {
  return error.code === "EPIPE" ? new EarlyEnd(EXIT.success) : fileError("standard output", error);
}

/** Over what the line showed before, cut where the terminal would break it (ECMA-48: CR, then erase the line). */
function showProgress(line: string): void {
  // A terminal that does not tell its size counts as one of the usual size.
  const columns = process.stderr.columns || 80;
  process.stderr.write(
    `\r\u001b[2K${Array.from(line)
      .slice(0, columns - 1)
      .join("")}`,
  );
}

/** Resolves when the data has been handed on, so that no more is fetched than is taken. */
async function writeToStdout(data: string | Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    process.stdout.write(data, (error) => {
      signal.removeEventListener("abort", onAbort);
      if (error) reject(endOf(error));
      else resolve();
    });
  });
  signal.throwIfAborted();
}
