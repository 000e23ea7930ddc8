import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, rmdir, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { RangeStreamsError } from "../errors.ts";
import type { PlannedSource } from "../source/source.ts";
import { OWN_PREFIX } from "./safe-path.ts";

/** Parts whose process nobody here can ask for are removed after so long: it may be at work on younger ones. */
const LEFT_BEHIND_MS = 60 * 60 * 1000;
/** Computer, process and its start, and a name by chance: only a process of this computer can be asked whether it still runs. */
const PART_NAME = /^(?:([0-9a-f]{8})-(\d+)-(\d+)-)?[0-9a-f]{16}\.(?:part|run)$/;
/** Numbers of processes are given anew, and in a container that is restarted the same one is. */
const STARTED_MS = Math.floor(performance.timeOrigin);
const JOURNAL = "finished";
/** More than a million lines of the longest names. */
const MAX_JOURNAL_BYTES = 2 ** 29;
const SAFE = constants.O_NOFOLLOW ?? 0;

/** What was written of a file whose archive holds no checksum of it. */
export interface FinishedFile {
  readonly size: number;
  readonly crc32: number;
}

/** What earlier runs that were interrupted noted. */
export interface Notes {
  /** By path. */
  readonly files: ReadonlyMap<string, FinishedFile>;
  /** Paths of folders that were made, and whose dates are set when all is done. */
  readonly folders: ReadonlySet<string>;
}

/**
 * A private folder in the directory that is written to: files are made there and moved into place, so that under their names there are
 * whole ones alone. It bears the name of one representation of an archive, and notes what of that is finished.
 */
export class Staging {
  readonly path: string;
  readonly #hasJournal: boolean;
  readonly #host: string = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
  #made: Promise<void> | undefined;
  /** Keeps the folder, which another run that ends would take away while nothing is in it. Left behind, it goes as a part does. */
  #held: string | undefined;
  #journal: Promise<FileHandle> | undefined;
  #noted: Promise<unknown> = Promise.resolve();

  constructor(directory: string, { size, identity }: Pick<PlannedSource, "size" | "identity">) {
    const { strength, etag, lastModified } = identity;
    // A date beside a strong ETag may be that of another mirror.
    const validators = strength === "strong" ? [etag] : [etag, lastModified];
    const hash = createHash("sha256").update(JSON.stringify([size, strength, ...validators]));
    this.path = join(directory, `${OWN_PREFIX}${hash.digest("hex").slice(0, 16)}`);
    // Where nothing tells one representation from the next, nothing of an earlier run is believed.
    this.#hasJournal = strength !== "none";
  }

  /** What earlier runs noted. Lines that are none, as of a run that was killed, count as not there. */
  async readNotes(): Promise<Notes> {
    const [files, folders] = [new Map<string, FinishedFile>(), new Set<string>()];
    for (const line of (await this.#readJournal()).split("\n")) {
      const [path, size, crc32] = parseLine(line);
      if (typeof path !== "string") continue;
      if (size === undefined) folders.add(path);
      else if (typeof size === "number" && typeof crc32 === "number") files.set(path, { size, crc32 });
    }
    return { files, folders };
  }

  /** Notes that a file is in its place. */
  async noteFile(path: string, { size, crc32 }: FinishedFile): Promise<void> {
    await this.#note([[path, size, crc32]]);
  }

  /** Notes that folders are made by this run. */
  async noteFolders(paths: readonly string[]): Promise<void> {
    await this.#note(paths.map((path) => [path]));
  }

  /** A path for a file in the making. */
  async newPart(): Promise<string> {
    await this.#makeOnce();
    return this.#ownPath("part");
  }

  /** Takes the folder away, but for what other runs have in it. When all is done, the notes too, unless those note in it still. */
  async end(isDone: boolean): Promise<void> {
    const ignore = (): undefined => undefined;
    await (await this.#journal?.catch(ignore))?.close();
    if (this.#held !== undefined) await unlink(this.#held).catch(ignore);
    // Of an earlier run, where this one had nothing to write.
    await this.#removeLeftBehind().catch(ignore);
    const left = await readdir(this.path).catch(ignore);
    const isShared = left?.some((name) => PART_NAME.test(name)) ?? false;
    if (isDone && !isShared) await unlink(join(this.path, JOURNAL)).catch(ignore);
    await rmdir(this.path).catch(ignore);
  }

  #ownPath(ending: "part" | "run"): string {
    const maker = `${this.#host}-${process.pid}-${STARTED_MS}`;
    return join(this.path, `${maker}-${randomBytes(8).toString("hex")}.${ending}`);
  }

  async #note(notes: readonly (readonly unknown[])[]): Promise<void> {
    if (!this.#hasJournal || notes.length === 0) return;
    this.#journal ??= this.#openJournal();
    const journal = this.#journal;
    // One after the other, and each on a line of its own: the last one of a run that was killed may be torn.
    const lines = notes.map((note) => `\n${JSON.stringify(note)}\n`).join("");
    const noted = this.#noted.then(async () => (await journal).writeFile(lines));
    this.#noted = noted.catch(() => undefined);
    await noted;
  }

  async #openJournal(): Promise<FileHandle> {
    await this.#makeOnce();
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | SAFE;
    return open(join(this.path, JOURNAL), flags, 0o600);
  }

  async #readJournal(): Promise<string> {
    if (!this.#hasJournal) return "";
    try {
      await this.#checkFolder();
      const file = await open(join(this.path, JOURNAL), constants.O_RDONLY | SAFE);
      try {
        return (await file.stat()).size > MAX_JOURNAL_BYTES ? "" : await file.readFile("utf8");
      } finally {
        await file.close();
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  #makeOnce(): Promise<void> {
    this.#made ??= this.#make();
    return this.#made;
  }

  async #make(): Promise<void> {
    const held = this.#ownPath("run");
    while (this.#held === undefined) {
      const isNew = await this.#makeFolder();
      try {
        if (!isNew) await this.#removeLeftBehind();
        await (await open(held, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | SAFE)).close();
        this.#held = held;
      } catch (error) {
        // Another run ended, and took the folder away between these two.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  }

  /** Whether it was not there. */
  async #makeFolder(): Promise<boolean> {
    try {
      await mkdir(this.path, { mode: 0o700 });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
  }

  async #checkFolder(): Promise<void> {
    if ((await lstat(this.path)).isDirectory()) return;
    const message = `Asked to extract by way of ${this.path}: got something that is no folder; remove it`;
    throw new RangeStreamsError("UNSAFE_PATH", message);
  }

  async #removeLeftBehind(): Promise<void> {
    await this.#checkFolder();
    for (const name of await readdir(this.path)) {
      const maker = PART_NAME.exec(name);
      const path = join(this.path, name);
      if (maker !== null && (await this.#isLeftBehind(maker, path)))
        await unlink(path).catch(() => undefined);
    }
  }

  async #isLeftBehind(
    [, host, pid, started]: readonly (string | undefined)[],
    path: string,
  ): Promise<boolean> {
    if (host === this.#host) {
      const isNumbered = Number(pid) === process.pid;
      return isNumbered ? Number(started) !== STARTED_MS : !isRunning(Number(pid));
    }
    // A part may have the date of its member already; the one of its last change cannot be set.
    const found = await lstat(path).catch(() => undefined);
    return found !== undefined && found.ctimeMs < Date.now() - LEFT_BEHIND_MS;
  }
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

function parseLine(line: string): readonly unknown[] {
  if (line === "") return [];
  try {
    const parsed: unknown = JSON.parse(line);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
