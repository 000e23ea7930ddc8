import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How a server is set up, beside Debian's defaults. Not every server has a word for each. */
export type Variation =
  | "defaults"
  /** Every type is encoded on the fly for whoever accepts that. */
  | "compressed"
  /** Every file is encoded, whatever the request accepts. */
  | "always-compressed"
  | "no-ranges"
  /** A list of ranges is too many. */
  | "one-range"
  | "two-ranges";

/** A foreign server that may be installed here. Nothing is ever installed. */
export interface ServerKind {
  readonly name: string;
  /** The Debian package that brings it. */
  readonly package: string;
  /** Undefined where it is not installed. */
  readonly version: string | undefined;
  readonly variations: readonly Variation[];
  /** Starts it on a free loopback port, with a configuration and a folder of its own. */
  start(files: Readonly<Record<string, Uint8Array>>, variation?: Variation): Promise<ForeignServer>;
}

/** A foreign server that runs. */
export interface ForeignServer extends AsyncDisposable {
  /** Without a slash at the end; the files lie at `${url}/name`. */
  readonly url: string;
  /** Puts a file in the place of another at once, dated now or as given, and waits until the server has noticed. */
  replace(name: string, bytes: Uint8Array, modified?: Date): Promise<void>;
  /** URLs of their own for its files, by which its log tells one client from another. */
  visit(): Visit;
  /** Ends its processes and removes its folder. */
  close(): Promise<void>;
}

/** The requests of one client to a server. */
interface Visit {
  url(name: string): string;
  /**
   * What the server has logged of them, as `206 GET /name bytes=0-9`, in the order in which they came one after the other. A server
   * logs when an answer is through, which its client may see first: so it is waited for until there are `count`, and for whatever it
   * may have logged after that.
   */
  requests(count: number): Promise<string[]>;
}

/** Where a server is to run. */
export interface Site {
  /** For configuration and whatever the server writes. */
  readonly folder: string;
  /** Where its files lie. */
  readonly root: string;
  readonly port: number;
  /** Where it is to log, a line a request, queries included; see {@link Setup.readLog}. */
  readonly log: string;
}

/** What is to run at a {@link Site}. */
export interface Setup {
  readonly command: readonly [program: string, ...args: string[]];
  /** The configuration file, written as `config` into the folder. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What a line of the log says, as {@link Visit.requests} gives it. */
  readonly readLog: (line: string) => string;
  /**
   * When the request of a line came. A server that answers by several threads needs it: the thread of one answer may log after that
   * of the next, which its client asked for as soon as it had all of the first.
   */
  readonly begun?: (line: string) => number;
}

/** Debian has daemons in a folder that only root looks in. */
const ENV: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

/** What a program prints when it is asked for its version; undefined where it is not installed. */
export function versionOf(
  command: readonly [program: string, ...args: string[]],
  pattern: RegExp,
): string | undefined {
  const [program, ...args] = command;
  const { stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env: ENV });
  return pattern.exec(`${stdout ?? ""}${stderr ?? ""}`)?.[1];
}

/** An hour old, so that a file that takes the place of another has another date. */
const OLD = new Date(Math.floor(Date.now() / 1000 - 3600) * 1000);

/** Lays out the files, starts what `setUp` says, and waits until it answers. */
export async function runServer(
  files: Readonly<Record<string, Uint8Array>>,
  setUp: (site: Site) => Setup,
): Promise<ForeignServer> {
  const folder = await mkdtemp(join(tmpdir(), "range-streams-server-"));
  // Started by root, some of them serve as somebody else.
  await chmod(folder, 0o755);
  const root = join(folder, "files");
  await mkdir(root);
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(root, name), bytes);
    await utimes(join(root, name), OLD, OLD);
  }
  const site: Site = { folder, root, port: await freePort(), log: join(folder, "requests.log") };
  const setup = setUp(site);
  if (setup.config !== undefined) await writeFile(join(folder, "config"), setup.config);
  await writeFile(site.log, "");
  await chmod(site.log, 0o666);
  return startServer(site, setup);
}

async function startServer(site: Site, setup: Setup): Promise<ForeignServer> {
  const { folder, root, port } = site;
  const { command, env } = setup;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...ENV, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (text) => (said += text));
  const abandon = () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  const close = async () => {
    process.off("exit", abandon);
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await answering(url, child);
  } catch (error) {
    await close();
    throw new Error(`${program}: ${String(error)}; it said: ${said}`);
  }
  const replace = async (name: string, bytes: Uint8Array, modified = new Date()) => {
    const next = join(folder, name);
    await writeFile(next, bytes);
    await utimes(next, modified, modified);
    await rename(next, join(root, name));
    await noticed(`${url}/${name}`, modified);
  };
  return {
    url,
    replace,
    visit: () => beginVisit(url, site.log, setup),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function beginVisit(url: string, log: string, { readLog, begun }: Setup): Visit {
  const query = `?${randomUUID()}`;
  const logged = async (mark: string) =>
    (await readFile(log, "utf8")).split("\n").filter((line) => line.includes(mark));
  return {
    url: (name) => `${url}/${name}${query}`,
    async requests(count) {
      await until(async () => (await logged(query)).length >= count, `${url}: ${count} requests in its log`);
      const last = `?${randomUUID()}`;
      await (await fetch(url + last)).arrayBuffer();
      await until(async () => (await logged(last)).length > 0, `${url}: one more request in its log`);
      const lines = await logged(query);
      if (begun !== undefined) lines.sort((one, other) => begun(one) - begun(other));
      return lines.map((line) => readLog(line).replace(query, ""));
    },
  };
}

/** Python alone was seen to take more than 5 s to its first answer on a busy machine. */
const PATIENCE_MS = 15_000;

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; ) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${PATIENCE_MS} ms in vain for ${what}`);
}

/** Lighttpd goes on with the file that it has looked up for up to a second. */
async function noticed(url: string, modified: Date): Promise<void> {
  const wanted = new Date(Math.floor(modified.getTime() / 1000) * 1000).toUTCString();
  const shown = async () => (await fetch(url, { method: "HEAD" })).headers.get("last-modified");
  await until(async () => (await shown()) === wanted, `${url} to be dated ${wanted}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill();
  // Who lets connections come to their end first, may wait for one that a client keeps alive.
  const patience = setTimeout(() => child.kill("SIGKILL"), 3000);
  await exited;
  clearTimeout(patience);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  const answers = () =>
    fetch(url).then(
      (response) => response.arrayBuffer().then(() => true),
      () => false,
    );
  await until(async () => child.exitCode !== null || (await answers()), "an answer");
  if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode} before it answered`);
}
