import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type ServedPath, sendFile } from "./send-file.ts";

/** What is served, and where. */
export interface ExplorerServerOptions {
  /** The folder of the built page. */
  readonly page: URL;
  /** A local file that the page may read by range. */
  readonly file?: ServedPath | undefined;
  /** Of loopback; 0 or nothing: any that is free. */
  readonly port?: number | undefined;
  /** The relay that the page may ask for files of servers without CORS. Told to the page alone. */
  readonly relay?: ((origin: string) => Promise<string>) | undefined;
}

/** A running server of the page. */
export interface ExplorerServer extends AsyncDisposable {
  /** With a `/` at its end, and a part that nobody can guess. */
  readonly url: string;
  /** Cuts every connection and frees the port. Twice is fine. */
  close(): Promise<void>;
}

/** As the page says of itself; a page in a frame can only be forbidden by its server (CSP 3, section 6.4.2). */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; connect-src 'self' http: https:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
};

/** Where the local file is, below the page. */
const FILE_PATH = "file/";

/**
 * Serves the explorer's page, and a local file to it by range, on loopback under a path that nobody can guess. Answers only what is
 * asked of its own address by its own page: a name that resolves to loopback (DNS rebinding) and a page of another origin are refused.
 *
 * @throws what the system says where the port is taken or the page was not built.
 */
export async function serveExplorer(options: ExplorerServerOptions): Promise<ExplorerServer> {
  const pages = await readPage(options.page);
  const token = randomBytes(24).toString("base64url");
  const server = createServer();
  const port = await listen(server, options.port ?? 0);
  const origin = `http://127.0.0.1:${port}`;
  const name = options.file === undefined ? undefined : encodeURIComponent(options.file.name);
  let relay: string | undefined;
  try {
    relay = await options.relay?.(origin);
  } catch (error) {
    await stop(server);
    throw error;
  }
  const config = { file: name === undefined ? undefined : `${FILE_PATH}${name}`, relay };
  pages.set("config.json", Buffer.from(JSON.stringify(config)));
  const place = { token, host: `127.0.0.1:${port}`, origin };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response, { pages, place, file: options.file }).catch(() => response.destroy());
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= stop(server);
    return closing;
  };
  return { url: `${origin}/${token}/`, close, [Symbol.asyncDispose]: close };
}

interface Place {
  readonly token: string;
  readonly host: string;
  readonly origin: string;
}

interface Serving {
  readonly pages: ReadonlyMap<string, Buffer>;
  readonly place: Place;
  readonly file: ServedPath | undefined;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { pages, place, file }: Serving,
): Promise<void> {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return refuse(response, 405);
  }
  if (!isOwnRequest(request, place)) return refuse(response, 403);
  const [path = ""] = (request.url ?? "").split("?", 1);
  const prefix = `/${place.token}/`;
  if (!path.startsWith(prefix)) return refuse(response, 404);
  const name = path.slice(prefix.length) || "index.html";
  // What follows is for people: there is one file.
  if (file !== undefined && name.startsWith(FILE_PATH)) return sendFile(request, response, file);
  const page = pages.get(name);
  if (page === undefined) return refuse(response, 404);
  response.setHeader("content-type", TYPES[extname(name)] ?? "application/octet-stream");
  response.setHeader("content-length", page.length);
  response.end(request.method === "HEAD" ? undefined : page);
}

/**
 * Whether it was this very address that was asked, by its own page or by a person who opens it. A browser tells both: Host by HTTP,
 * Origin and Sec-Fetch-Site by Fetch; a link on another page may lead here, since it would have to know the path.
 */
function isOwnRequest({ headers }: IncomingMessage, { host, origin }: Place): boolean {
  if (headers.host !== host) return false;
  if (headers.origin !== undefined && headers.origin !== origin) return false;
  const site = headers["sec-fetch-site"];
  return (
    site === undefined ||
    site === "same-origin" ||
    site === "none" ||
    headers["sec-fetch-dest"] === "document"
  );
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end();
}

/** All files of the page by their path in it: a few hundred kilobytes, read once, so that no path is ever looked up on disk. */
async function readPage(folder: URL): Promise<Map<string, Buffer>> {
  const root = fileURLToPath(folder);
  const pages = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    pages.set(relative(root, path).split(sep).join("/"), await readFile(path));
  }
  return pages;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
