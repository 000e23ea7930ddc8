import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real nginx over a folder of its own. */
export interface Nginx extends AsyncDisposable {
  /** Without a slash at the end. The files lie at `${url}/name`; see {@link startNginx} for the other prefixes. */
  readonly url: string;
  /** Where its files lie: write into it to change them. */
  readonly root: string;
  close(): Promise<void>;
}

/** The version of the nginx that is installed, undefined where none is. Nothing is ever installed. */
export const nginxVersion: string | undefined = /nginx\/(\S+)/.exec(
  spawnSync("nginx", ["-v"], { encoding: "utf8" }).stderr ?? "",
)?.[1];

/** What a skipped suite says. */
export const nginxHint = "nginx is not installed; install it (Debian: apt-get install nginx) to run these";

/**
 * Starts the installed nginx on a free loopback port, in a temporary folder, with `files`. The same files are also served
 * under `/two-ranges/` (max_ranges 2), `/no-ranges/` (max_ranges 0) and `/gzip/` (encoded on the fly).
 */
export async function startNginx(files: Record<string, Uint8Array>): Promise<Nginx> {
  const prefix = await mkdtemp(join(tmpdir(), "range-streams-nginx-"));
  const root = join(prefix, "files");
  await mkdir(root);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, name), bytes);
  const port = await freePort();
  await writeFile(join(prefix, "nginx.conf"), configuration(prefix, root, port));
  const child = spawn("nginx", ["-p", prefix, "-c", "nginx.conf", "-e", "error.log"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child);
  const close = async () => {
    if (child.exitCode === null) {
      const exited = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGQUIT");
      child.kill("SIGTERM");
      await exited;
    }
    await rm(prefix, { recursive: true, force: true });
  };
  return { url, root, close, [Symbol.asyncDispose]: close };
}

// Runs as whoever runs the tests. tcp_nopush off: with it on, nginx holds back the last piece of an answer for 200 ms.
function configuration(prefix: string, root: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${join(prefix, name)};`)
    .join("\n  ");
  return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${join(prefix, "nginx.pid")};
events { worker_connections 256; }
http {
  ${temporary}
  access_log off;
  sendfile on;
  tcp_nopush off;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    location /two-ranges/ { alias ${root}/; max_ranges 2; }
    location /no-ranges/ { alias ${root}/; max_ranges 0; }
    location /gzip/ { alias ${root}/; gzip on; gzip_types *; gzip_min_length 0; }
  }
}
`;
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
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode} before it answered`);
    const answered = await fetch(url).then(
      (response) => response.body?.cancel().then(() => true),
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill();
  throw new Error("nginx did not answer within 5 s");
}
