import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RangeStreamsError } from "../../index.ts";
import { type Relay, startRelay } from "../../node.ts";
import { EarlyEnd } from "../early-end.ts";
import { EXIT } from "../exit-codes.ts";
import { openBrowser } from "../explore/open-browser.ts";
import type { ServedPath } from "../explore/send-file.ts";
import { type ExplorerServer, type ExplorerServerOptions, serveExplorer } from "../explore/serve-explorer.ts";
import { hideSecrets, mayHoldSecrets } from "../hide-secrets.ts";
import type { CommandContext } from "../output.ts";

/** Options of `explore`. */
export interface ExploreOptions {
  /** Of loopback, as text. Default: any that is free. */
  port?: string | undefined;
  /** Whether the browser is opened. Default true. */
  open?: boolean | undefined;
  /** Also a relay, by which the page reads files of servers that let no page read them. Default false. */
  proxy?: boolean | undefined;
  /** Where the built page is. Default: in this package. */
  page?: URL | undefined;
}

/**
 * `explore [URL|FILE]`: serves the explorer on loopback, opens it in the browser and prints its address. A local file is served by
 * range, to the page alone; with `proxy` a relay runs beside it. Ends with Ctrl-C, which is success.
 *
 * @throws INVALID_ARGUMENT for a port or an input that is none, NOT_FOUND for a file that is not there or a page that was not built,
 * EXISTS for a port that is taken.
 */
export async function runExplore(
  input: string | undefined,
  options: ExploreOptions,
  { output, signal }: CommandContext,
): Promise<void> {
  const target = input === undefined ? {} : await resolveTarget(input);
  const relays: Relay[] = [];
  const relay = async (origin: string): Promise<string> => {
    const started = await startRelay({ origin });
    relays.push(started);
    return started.url;
  };
  const serving = { page: options.page ?? builtPage(), port: parsePort(options.port), file: target.file };
  const server = await start(options.proxy === true ? { ...serving, relay } : serving);
  try {
    const link = target.url === undefined ? "" : `?${new URLSearchParams({ url: target.url })}`;
    const address = `${server.url}${link}`;
    const isSecret = target.url !== undefined && mayHoldSecrets(new URL(target.url));
    await output.write(`${isSecret ? server.url : address}\n`);
    if (isSecret)
      output.note("The URL may hold secrets and is not printed; paste it where the page asks for one.");
    output.note("Served to this computer alone. Ctrl-C ends it.");
    if (options.open !== false) openBrowser(address);
    await aborted(signal);
  } finally {
    await Promise.all([server, ...relays].map((each) => each.close()));
  }
}

interface Target {
  readonly url?: string;
  readonly file?: ServedPath;
}

async function resolveTarget(input: string): Promise<Target> {
  if (/^https?:\/\//i.test(input) && URL.canParse(input)) return { url: input };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(input) && !/^file:/i.test(input)) {
    throw new RangeStreamsError(
      "INVALID_ARGUMENT",
      `Asked to explore ${hideSecrets(input)}: got no http(s) URL; give one, or a path`,
    );
  }
  const path = /^file:/i.test(input) ? parseFileUrl(input) : resolve(input);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === true) return { file: { path, name: basename(path) } };
  throw new RangeStreamsError(
    "NOT_FOUND",
    `Asked to explore ${hideSecrets(input)}: got no file there; give the path of one, or a URL`,
  );
}

function parseFileUrl(input: string): string {
  try {
    return fileURLToPath(input);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `Asked to explore ${hideSecrets(input)}, got ${code}; give a file: URL of this computer, or a path`;
    throw new RangeStreamsError("INVALID_ARGUMENT", message, { cause });
  }
}

function builtPage(): URL {
  return new URL("dist/explorer/", import.meta.resolve("range-streams/package.json"));
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new RangeStreamsError(
    "INVALID_ARGUMENT",
    `Asked for --port ${text}: got no port; give a number up to 65535`,
  );
}

async function start(options: ExplorerServerOptions): Promise<ExplorerServer> {
  try {
    return await serveExplorer(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE" || code === "EACCES") {
      const got = code === "EACCES" ? "no permission for it" : "another program there";
      throw new RangeStreamsError("EXISTS", `Asked for --port ${options.port}: got ${got}; choose another`, {
        cause: error,
      });
    }
    if (code !== "ENOENT") throw error;
    const message =
      "Asked for the explorer: got no page in this package; run `npm run build` where it was cloned";
    throw new RangeStreamsError("NOT_FOUND", message, { cause: error });
  }
}

/** Waits for the end. Ctrl-C is how one ends it, so it is no error here. */
async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((done) => {
      signal.addEventListener("abort", () => done(), { once: true });
    });
  }
  const { reason } = signal;
  if (reason instanceof EarlyEnd && reason.exitCode === EXIT.interrupted) return;
  throw reason;
}
