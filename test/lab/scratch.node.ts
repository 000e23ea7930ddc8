import { mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "range-streams-test-run-";

/** The folder for temporary files of one run of the tests. */
export interface Scratch {
  readonly folder: string;
  remove(): void;
}

/**
 * Makes the folder that this process, and all that it starts, has for temporary files, so that whatever a test leaves behind goes
 * with the run. A run that is killed cannot do that: those of processes that are no more go when the next run begins.
 */
export function beginScratch(outer: string = realpathSync(tmpdir())): Scratch {
  for (const name of readdirSync(outer)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN;
    if (Number.isSafeInteger(pid) && !isRunning(pid)) remove(join(outer, name));
  }
  const folder = join(outer, `${PREFIX}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  return { folder, remove: () => remove(folder) };
}

/** A browser that is about to end may still write its profile. */
function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is another user's where we may not signal it.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
