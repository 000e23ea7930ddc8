import { randomBytes } from "node:crypto";
import { readFile, rename, unlink, writeFile } from "node:fs/promises";
import { RangeStreamsError } from "../../index.ts";
import { fileError } from "../file-error.ts";
import { moveIntoPlace } from "../move-into-place.ts";

/** Numbers of processes are given anew, and in a container that is restarted the same one is. */
const STARTED_MS = Math.floor(performance.timeOrigin);

/**
 * Takes a `.part` file for one download alone, by a file beside it that holds the number of the process and when that began. One that a
 * killed process left is taken over, by one of those that try.
 *
 * @throws EXISTS where a living process has it; and what the file system says.
 */
export async function lockPart(part: string): Promise<AsyncDisposable> {
  const path = `${part}.lock`;
  const holder = await takeLock(path).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
  if (holder === undefined) return { [Symbol.asyncDispose]: () => unlink(path).catch(() => undefined) };
  const message = `${part}: asked to download to it, got process ${holder} doing so; wait for it, or remove ${path} if that is no download`;
  throw new RangeStreamsError("EXISTS", message);
}

/** Undefined where the lock was taken, else the number of the living process that has it. */
async function takeLock(path: string): Promise<number | undefined> {
  const own = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    // It gets its name when it is written: a lock without a number is nobody's.
    await writeFile(own, `${process.pid} ${STARTED_MS}\n`, { flag: "wx" });
    if (await isPlaced(own, path)) return undefined;
    const holder = await readHolder(path);
    return typeof holder === "number" ? holder : await takeOver(own, path);
  } finally {
    await unlink(own).catch(() => undefined);
  }
}

/**
 * No file system replaces a file only where it is still the one that was read. So who takes a dead process's lock over has another lock
 * meanwhile, which may itself be taken over.
 */
async function takeOver(own: string, path: string): Promise<number | undefined> {
  const claim = `${path}.claim`;
  const claimer = await takeLock(claim);
  if (claimer !== undefined) return claimer;
  try {
    for (;;) {
      if (await isPlaced(own, path)) return undefined;
      const holder = await readHolder(path);
      if (typeof holder === "number") return holder;
      if (holder === "released") continue;
      await rename(own, path);
      return undefined;
    }
  } finally {
    await unlink(claim).catch(() => undefined);
  }
}

async function isPlaced(own: string, path: string): Promise<boolean> {
  try {
    await moveIntoPlace(own, path, false);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The number of the living process that has the lock. */
async function readHolder(path: string): Promise<number | "dead" | "released"> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "released";
    throw error;
  }
  const [pid, startedMs] = text.split(/\s/).map(Number);
  if (pid === undefined || !Number.isSafeInteger(pid) || pid <= 0) return "dead";
  const isHeld = pid === process.pid ? startedMs === STARTED_MS : isRunning(pid);
  return isHeld ? pid : "dead";
}

/** Signal 0 asks whether a process is there; one of another user answers EPERM. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
