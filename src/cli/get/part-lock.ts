import { open, readFile, unlink } from "node:fs/promises";
import { RangeStreamsError } from "../../index.ts";
import { fileError } from "../file-error.ts";

/**
 * Takes a `.part` file for this process alone, by a file beside it that holds the number of the process. One that a killed process left is
 * taken over.
 *
 * @throws EXISTS where a living process has it; and what the file system says.
 */
export async function lockPart(part: string): Promise<AsyncDisposable> {
  const path = `${part}.lock`;
  if (!(await tryLock(path))) {
    const holder = Number(await readFile(path, "utf8").catch(() => ""));
    if (isAlive(holder)) {
      const message = `${part}: asked to download to it, got process ${holder} doing so; wait for it, or remove ${path} if that is no download`;
      throw new RangeStreamsError("EXISTS", message);
    }
    await unlink(path).catch(() => undefined);
    if (!(await tryLock(path))) {
      const message = `${part}: asked to download to it, got another process that begins to; wait for it`;
      throw new RangeStreamsError("EXISTS", message);
    }
  }
  return { [Symbol.asyncDispose]: () => unlink(path).catch(() => undefined) };
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(`${process.pid}\n`);
    } finally {
      await file.close();
    }
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw fileError(path, cause);
  }
}

/** Signal 0 asks whether a process is there; one of another user answers EPERM. Our own number can only be left from before. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
