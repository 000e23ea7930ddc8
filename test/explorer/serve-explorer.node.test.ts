import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runExplore } from "../../src/cli/commands/explore.ts";
import { EarlyEnd } from "../../src/cli/early-end.ts";
import { type ExplorerServer, serveExplorer } from "../../src/cli/explore/serve-explorer.ts";
import { openSource } from "../../src/index.ts";
import { patternBytes, patternSlice } from "../../src/testing.ts";

const BYTES = patternBytes(100_000, 5);

let folder: string;
let page: URL;
let served: ExplorerServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "range-streams-explore-"));
  page = pathToFileURL(`${folder}/`);
  await writeFile(join(folder, "index.html"), "<title>the page</title>");
  await writeFile(join(folder, "it's a file.bin"), BYTES);
  const file = { path: join(folder, "it's a file.bin"), name: "it's a file.bin" };
  served = await serveExplorer({ page, file });
});

afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true });
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Asks with exactly these headers: fetch lets nobody set Host or Origin. */
function ask(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers, method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    asking.on("error", reject);
    asking.end();
  });
}

const statusOf = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).status;
const fileUrl = async (): Promise<string> => {
  const { file } = JSON.parse(String((await ask(`${served.url}config.json`)).body)) as { file: string };
  return new URL(file, served.url).href;
};

describe("the server of the explorer", () => {
  it("serves its page under a path that nobody guesses, on loopback", async () => {
    const { hostname, pathname } = new URL(served.url);
    expect(hostname).toBe("127.0.0.1");
    expect(pathname).toMatch(/^\/[\w-]{32}\/$/);
    const { status, headers, body } = await ask(served.url);
    expect([status, String(body)]).toEqual([200, "<title>the page</title>"]);
    expect(headers["content-security-policy"]).toContain(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';",
    );
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["access-control-allow-origin"]).toBe(undefined);
    await using other = await serveExplorer({ page });
    expect(new URL(other.url).pathname).not.toBe(pathname);
  });

  it("has nothing beside that path, and nothing beside the page", async () => {
    const { origin, pathname } = new URL(served.url);
    const paths = [
      "/",
      "/index.html",
      pathname.slice(0, -1),
      pathname.slice(0, -2),
      `${pathname}../etc/passwd`,
      `${pathname}%2e%2e/x`,
    ];
    const statuses = await Promise.all(paths.map((path) => statusOf(`${origin}${path}`)));
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404]);
  });

  it("refuses a name that leads to loopback, and pages of other origins", async () => {
    const { origin, host } = new URL(served.url);
    const port = host.split(":")[1];
    const url = await fileUrl();
    const refused: Record<string, string>[] = [
      { host: `rebound.example:${port}` },
      { host: "127.0.0.1" },
      { host: `localhost:${port}` },
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site", "sec-fetch-dest": "empty" },
      { "sec-fetch-site": "same-site", "sec-fetch-dest": "script" },
    ];
    expect(await Promise.all(refused.map((headers) => statusOf(url, headers)))).toEqual(
      refused.map(() => 403),
    );
    const taken: Record<string, string>[] = [
      {},
      { origin },
      { "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" },
    ];
    expect(await Promise.all(taken.map((headers) => statusOf(url, headers)))).toEqual(taken.map(() => 200));
  });

  it("takes GET and HEAD alone", async () => {
    expect(await statusOf(served.url, {}, "POST")).toBe(405);
    expect(await statusOf(served.url, {}, "OPTIONS")).toBe(405);
    const head = await ask(await fileUrl(), {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "100000", 0]);
  });

  it("gives ranges of the file as RFC 9110 has them", async () => {
    const url = await fileUrl();
    const cases: [range: string, status: number, contentRange: string | undefined, length: number][] = [
      ["bytes=0-9", 206, "bytes 0-9/100000", 10],
      ["bytes=99990-200000", 206, "bytes 99990-99999/100000", 10],
      ["bytes=99990-", 206, "bytes 99990-99999/100000", 10],
      ["bytes=-7", 206, "bytes 99993-99999/100000", 7],
      ["bytes=-200000", 206, "bytes 0-99999/100000", 100_000],
      ["bytes=100000-", 416, "bytes */100000", 0],
      ["bytes=-0", 416, "bytes */100000", 0],
      ["bytes=9-0", 200, undefined, 100_000],
      ["bytes=0-1,5-6", 200, undefined, 100_000],
      ["lines=0-1", 200, undefined, 100_000],
    ];
    for (const [range, status, contentRange, length] of cases) {
      const got = await ask(url, { range });
      expect([range, got.status, got.headers["content-range"], got.body.length]).toEqual([
        range,
        status,
        contentRange,
        length,
      ]);
    }
    const part = await ask(url, { range: "bytes=500-599" });
    expect(part.body).toEqual(Buffer.from(patternSlice(500, 600, 5)));
    const etag = part.headers.etag ?? "";
    expect(await statusOf(url, { range: "bytes=0-9", "if-match": '"other"' })).toBe(412);
    expect(await statusOf(url, { range: "bytes=0-9", "if-range": '"other"' })).toBe(200);
    expect(await statusOf(url, { range: "bytes=0-9", "if-range": etag, "if-match": etag })).toBe(206);
  });

  it("tells a file that was written to apart, and says when it is gone", async () => {
    const path = join(folder, "changing.bin");
    await writeFile(path, "first");
    await using own = await serveExplorer({ page, file: { path, name: "changing.bin" } });
    const url = `${own.url}file/changing.bin`;
    const source = await openSource(url, { cache: false, probe: [0, 1] });
    await writeFile(path, "other");
    await expect(source.read([2, 4])).rejects.toMatchObject({ code: "CHANGED" });
    await source.close();
    await rm(path);
    expect(await statusOf(url)).toBe(404);
  });
});

describe("explore", () => {
  const run = async (
    input: string | undefined,
    options: Parameters<typeof runExplore>[1],
    whileRunning: (url: string) => Promise<void>,
  ): Promise<void> => {
    const ending = new AbortController();
    let running: Promise<void> = Promise.resolve();
    const printed = new Promise<string>((resolve, reject) => {
      const output = {
        write: async (data: string | Uint8Array) => resolve(String(data).trim()),
        note: () => undefined,
      };
      running = runExplore(input, { page, open: false, ...options }, { output, signal: ending.signal });
      running.catch(reject);
    });
    try {
      await whileRunning(await printed);
    } finally {
      ending.abort(new EarlyEnd(130));
      await running;
    }
  };

  it("serves a local file until Ctrl-C, which is no error", async () => {
    let url = "";
    await run(join(folder, "it's a file.bin"), {}, async (printed) => {
      url = printed;
      const { file } = JSON.parse(String((await ask(`${url}config.json`)).body)) as { file: string };
      expect((await ask(new URL(file, url).href)).body.length).toBe(100_000);
    });
    await expect(ask(url)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("opens the page on a URL, and serves no file then", () =>
    run("https://files.example/a b.zip?x=1&y=2", {}, async (printed) => {
      expect(new URL(printed).searchParams.get("url")).toBe("https://files.example/a b.zip?x=1&y=2");
      expect(String((await ask(`${printed.split("?")[0]}config.json`)).body)).toBe("{}");
    }));

  it("starts a relay when it is told to, for its own page alone, and ends it too", async () => {
    let relay = "";
    await run(undefined, { proxy: true }, async (printed) => {
      ({ relay } = JSON.parse(String((await ask(`${printed}config.json`)).body)) as { relay: string });
      const target = `${relay}?url=${encodeURIComponent("http://127.0.0.1/x")}`;
      const allowed = await ask(target, { range: "bytes=0-1", origin: new URL(printed).origin });
      expect(String(allowed.body)).toContain("BLOCKED_ADDRESS");
      expect(await statusOf(target, { range: "bytes=0-1", origin: "https://evil.example" })).toBe(403);
    });
    await expect(ask(relay)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it.each([
    ["ftp://files.example/x", {}, "INVALID_ARGUMENT"],
    ["/no/such/file", {}, "NOT_FOUND"],
    [tmpdir(), {}, "NOT_FOUND"],
    [undefined, { port: "eighty" }, "INVALID_ARGUMENT"],
    [undefined, { port: "65536" }, "INVALID_ARGUMENT"],
    [undefined, { page: new URL("file:///no/such/page/") }, "NOT_FOUND"],
  ])("says what is wrong with %s %j: %s", async (input, options, code) => {
    await expect(run(input, options, async () => undefined)).rejects.toMatchObject({ code });
  });

  it("says that a port is taken", async () => {
    const { port } = new URL(served.url);
    await expect(run(undefined, { port }, async () => undefined)).rejects.toMatchObject({ code: "EXISTS" });
  });
});
