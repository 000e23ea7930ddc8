import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { EnvHttpProxyAgent, fetch as fetchByUndici } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenOptions, openSource, type SourceEvent } from "../../src/index.ts";
import { patternBytes, startRangeServer, startRawServer } from "../../src/testing.ts";
import { type BuiltCli, buildCli } from "../cli/build-cli.ts";
import { exampleCertificate } from "../transport/example-certificate.node.ts";
import { type LoopbackProxyOptions, startLoopbackProxy } from "../transport/loopback-proxy.node.ts";
import { startRangeTarget } from "../transport/range-target.node.ts";
import { partial, quick, status } from "./scenario.node.ts";
import { selfSigned } from "./self-signed.node.ts";

const SECRETS = "?v=1&X-Amz-Signature=hunter2&token=hunter3&sig=hunter4#hunter5";

let cli: BuiltCli;
let folder: string;
beforeAll(async () => {
  [cli, folder] = await Promise.all([buildCli(), mkdtemp(join(tmpdir(), "range-streams-f14-"))]);
}, 60_000);
afterAll(() => Promise.all([cli.remove(), rm(folder, { recursive: true })]));

interface Ended {
  readonly code: number | null;
  readonly byteLength: number;
  readonly output: string;
  readonly stderr: string;
}

/** Runs the command to its end; of its output no more than the first bytes are kept. */
function runNode(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const child = spawn(process.execPath, args, { stdio: [...stdio], env: { ...process.env, ...env } });
    let byteLength = 0;
    let output = "";
    let stderr = "";
    child.stdout.on("data", (data: Buffer) => {
      byteLength += data.length;
      if (output.length < 4096) output += data.toString("latin1").slice(0, 4096);
    });
    child.stderr.setEncoding("utf8").on("data", (data: string) => {
      stderr += data;
    });
    child.on("error", reject).on("close", (code) => resolve({ code, byteLength, output, stderr }));
  });
}

describe("F14: what may be opened", () => {
  it.each(["file:///etc/passwd", "ftp://files.example/x", "data:,x", "javascript:1", "blob:null/x"])(
    "215. %s is INVALID_ARGUMENT for the library",
    async (url) => {
      await expect(openSource(url)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it("215. the command takes the path of a local file, and refuses other schemes", async () => {
    const path = join(folder, "local.txt");
    await writeFile(path, "here");
    expect(await runNode([cli.path, "cat", path])).toMatchObject({ code: 0, output: "here" });
    for (const url of ["ftp://files.example/x", "gopher://files.example/"]) {
      expect(await runNode([cli.path, "cat", url])).toMatchObject({ code: 2, output: "" });
    }
  });
});

describe("F14: proxies and certificates", () => {
  it("225. the command trusts whom NODE_EXTRA_CA_CERTS names, and nobody else", async () => {
    const bytes = patternBytes(1000, 42);
    const server = createServer(selfSigned, (_, response) => {
      const fields = { "content-range": "bytes 0-999/1000", "content-length": 1000, etag: '"a"' };
      response.writeHead(206, fields).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
    const authority = join(folder, "authority.pem");
    await writeFile(authority, selfSigned.cert);
    const refused = await runNode([cli.path, "cat", url]);
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT"),
    ]);
    const trusted = await runNode([cli.path, "cat", url], { NODE_EXTRA_CA_CERTS: authority });
    expect(trusted).toMatchObject({ code: 0, byteLength: 1000, stderr: "" });
    server.close();
    server.closeAllConnections();
  });

  it("225. a client of the caller's that knows the proxies of the environment uses them, and heeds NO_PROXY", async () => {
    const tunnels: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createHttpServer().on("connect", ({ url = "" }, socket: Socket) => {
      tunnels.push(url);
      const [host = "", port] = url.split(":");
      const onward = connect(Number(port), host, () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      for (const end of [socket, onward]) sockets.add(end.on("error", () => undefined));
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const httpProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await using server = await startRangeServer({ files: { file: patternBytes(100_000, 1) } });
    const through = async (noProxy: string): Promise<number> => {
      const dispatcher = new EnvHttpProxyAgent({ httpProxy, noProxy });
      const client = ((url: string, init: object) => fetchByUndici(url, { ...init, dispatcher })) as never;
      await using source = await openSource(`${server.url}/file`, { client });
      await source.read([90_000, 90_010]);
      await dispatcher.close();
      return tunnels.splice(0).length;
    };
    expect(await through("")).toBeGreaterThan(0);
    expect(await through("127.0.0.1")).toBe(0);
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
});

describe("F14: the command and the proxies of the environment", () => {
  const bytes = patternBytes(1000, 42);
  const start = async (options: Partial<LoopbackProxyOptions> = {}) => {
    const [plain, secure] = await Promise.all([
      startRangeTarget(bytes),
      startRangeTarget(bytes, { secure: true }),
    ]);
    const hosts = {
      "files.example:80": plain.port,
      "files.example:443": secure.port,
      [`0.0.0.0:${plain.port}`]: plain.port,
    };
    const proxy = await startLoopbackProxy({ hosts, ...options });
    const stop = async (): Promise<void> => {
      for (const one of [proxy, plain, secure]) await one[Symbol.asyncDispose]();
    };
    return { plain, secure, proxy, [Symbol.asyncDispose]: stop };
  };
  let trust: Record<string, string>;
  beforeAll(async () => {
    const path = join(folder, "example.pem");
    await writeFile(path, exampleCertificate.cert);
    trust = { NODE_EXTRA_CA_CERTS: path };
  });

  it.each(["cat", "get", "info", "map", "plan"])("225. %s goes through HTTP_PROXY", async (verb) => {
    await using at = await start({ credentials: "me:hunter2" });
    const env = { HTTP_PROXY: at.proxy.url.replace("//", "//me:hunter2@") };
    const args = [cli.path, verb, "http://files.example/small.txt"];
    if (verb === "get") args.push("-o", "-");
    const { code, stderr } = await runNode(args, env);
    expect(stderr).not.toContain("hunter2");
    expect([code, at.plain.requests.length]).toEqual([0, at.proxy.asked.length]);
    expect(at.proxy.asked[0]?.target).toBe("http://files.example/small.txt");
  });

  it.each([false, true])("225. https: by a tunnel through HTTPS_PROXY, TLS to it: %s", async (secure) => {
    await using at = await start({ secure });
    const args = [cli.path, "cat", "https://files.example/small.txt"];
    const env = { HTTPS_PROXY: at.proxy.url, HTTP_PROXY: "http://127.0.0.1:1", ...trust };
    const { code, byteLength, stderr } = await runNode(args, env);
    expect([code, byteLength, stderr]).toEqual([0, 1000, ""]);
    expect(at.proxy.asked[0]).toMatchObject({ method: "CONNECT", target: "files.example:443" });
  });

  it("225. the certificate at the end of a tunnel is checked, against the name in the URL", async () => {
    await using at = await start();
    const args = [cli.path, "cat", "https://files.example/small.txt"];
    const distrusted = await runNode(args, { HTTPS_PROXY: at.proxy.url });
    expect([distrusted.code, distrusted.stderr]).toEqual([
      5,
      expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT"),
    ]);
    await using wrong = await start({ hosts: { "wrong.example:443": at.secure.port } });
    const other = [cli.path, "cat", "https://wrong.example/small.txt"];
    const misnamed = await runNode(other, { HTTPS_PROXY: wrong.proxy.url, ...trust });
    expect([misnamed.code, misnamed.stderr]).toEqual([5, expect.stringContaining("ALTNAME")]);
  });

  it("225. doctor goes through it as well, and says which it is and by which variable", async () => {
    await using at = await start({ credentials: "me:hunter2" });
    const url = `http://0.0.0.0:${at.plain.port}/small.txt`;
    const env = { ALL_PROXY: at.proxy.url.replace("//", "//me:hunter2@") };
    const text = await runNode([cli.path, "doctor", url], env);
    expect([text.code, text.output]).toEqual([
      0,
      expect.stringContaining(`\nproxy:       ${at.proxy.url} (ALL_PROXY)\n`),
    ]);
    expect(text.output).not.toContain("hunter2");
    expect(at.proxy.asked.length).toBeGreaterThan(5);
    const json = await runNode([cli.path, "doctor", url, "--json"], env);
    expect(json.output).not.toContain("hunter2");
    expect(JSON.parse(json.output)).toMatchObject({
      facts: { proxy: at.proxy.url },
      proxyVariable: "ALL_PROXY",
    });
    at.proxy.asked.length = 0;
    const excepted = await runNode([cli.path, "doctor", url], { ...env, no_proxy: "0.0.0.0" });
    expect(excepted.output).toContain("\nproxy:       none (no_proxy)\n");
    const direct = await runNode([cli.path, "doctor", url.replace("0.0.0.0", "127.0.0.1")], env);
    expect(direct.output).toContain("\nproxy:       none\n");
    expect(at.proxy.asked).toEqual([]);
  });

  it("225. doctor tells where the proxy is what fails", async () => {
    await using at = await start();
    const env = { HTTPS_PROXY: at.proxy.url, ...trust };
    const { code, stderr } = await runNode([cli.path, "doctor", "https://none.example/x"], env);
    expect([code, stderr]).toEqual([5, expect.stringContaining(`status 502 from the proxy ${at.proxy.url}`)]);
  });

  it("225. NO_PROXY and loopback go directly", async () => {
    await using at = await start();
    const env = { HTTP_PROXY: at.proxy.url };
    // Not a loopback address by its form, and yet this machine.
    const args = [cli.path, "cat", `http://0.0.0.0:${at.plain.port}/small.txt`];
    expect(await runNode(args, env)).toMatchObject({ code: 0, byteLength: 1000 });
    expect(at.proxy.asked.splice(0).length).toBe(1);
    expect(await runNode(args, { ...env, NO_PROXY: "0.0.0.0" })).toMatchObject({ code: 0, byteLength: 1000 });
    const loopback = [cli.path, "cat", `http://127.0.0.1:${at.plain.port}/small.txt`];
    expect(await runNode(loopback, env)).toMatchObject({ code: 0, byteLength: 1000 });
    expect(at.proxy.asked).toEqual([]);
  });

  it("225. what keeps the proxy from being used is told, and no secret of it", async () => {
    await using at = await start({ credentials: "me:right" });
    const cat = [cli.path, "cat", "http://files.example/small.txt"];
    const said = async (proxy: string) => {
      const { code, stderr } = await runNode(cat, { HTTP_PROXY: proxy });
      expect(stderr).not.toContain("hunter2");
      return [code, stderr];
    };
    const refused = `status 407 from the proxy ${at.proxy.url}`;
    const withPassword = at.proxy.url.replace("//", "//me:hunter2@");
    expect(await said(withPassword)).toEqual([4, expect.stringContaining(refused)]);
    const socks = await said("socks5://me:hunter2@127.0.0.1:1");
    expect(socks[1]).toEqual(expect.stringMatching(/^range-streams: UNSUPPORTED: .* a socks5: URL/));
  });
});

describe("F14: memory", () => {
  it.runIf(process.platform === "linux")(
    "226. a gigabyte in a row of a file of ten, with 32 MiB of heap: it ends, and memory stays flat",
    async () => {
      const reporter = join(folder, "report.cjs");
      const report = "require('fs').writeSync(2, String(process.resourceUsage().maxRSS))";
      await writeFile(reporter, `process.on("exit", () => ${report});`);
      const zeros = new Uint8Array(1024 * 1024);
      const read = (start: number, end: number) => zeros.subarray(0, end - start);
      await using server = await startRangeServer({ files: { big: { size: 1e10, etag: '"a"', read } } });
      const peakKiB = async (count: number): Promise<number> => {
        const flags = ["--max-old-space-size=32", "--require", reporter];
        const args = [cli.path, "cat", `${server.url}/big`, "--head", String(count)];
        const { code, byteLength, stderr } = await runNode([...flags, ...args]);
        expect([code, byteLength]).toEqual([0, count]);
        return Number(stderr);
      };
      const short = await peakKiB(150_000_000);
      const long = await peakKiB(1_000_000_000);
      expect(long - short).toBeLessThan(100 * 1024);
    },
    60_000,
  );
});

describe("F14: secrets", () => {
  const failing: [string, Parameters<typeof startRawServer>[0][number]][] = [
    ["a connection that is cut", { send: [{ close: "reset" }] }],
    ["an answer that does not parse", { send: ["HTTP/1.1 200 OK\r\nbad\u0000: x\r\n\r\n"] }],
    ["a refusal", status("403 Forbidden")],
    ["trouble", status("500 Trouble")],
    ["a redirect to nowhere", status("302 Found", { Location: "ftp://x/?token=hunter6" })],
    ["other positions", { send: partial(500, 510) }],
    ["a body that breaks off", { send: [...partial(0, 10).slice(0, 1), { close: "reset" }] }],
  ];
  const clients: [string, OpenOptions][] = [
    ["its own transport", {}],
    ["the platform's fetch", { client: fetch }],
  ];

  describe.each(clients)("by %s", (_by, client) => {
    it.each(failing)("228. %s: the error shows none, however it is printed", async (_what, exchange) => {
      await using server = await startRawServer([exchange]);
      const url = `${server.url.replace("http://", "http://me:hunter7@")}/file${SECRETS}`;
      const events: SourceEvent[] = [];
      const headers = { "x-key": "hunter8" };
      const options = { ...quick, ...client, retry: false, headers } as const;
      const error = await openSource(url, { ...options, onEvent: (event) => events.push(event) }).catch(
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(Error);
      const { stack, cause } = error as Error;
      const shown = [
        String(error),
        stack,
        inspect(error, { depth: 9, showHidden: true }),
        JSON.stringify(error),
      ];
      shown.push(inspect(cause, { depth: 9 }), inspect(events, { depth: 9 }));
      expect(shown.join("\n")).not.toContain("hunter");
    });
  });

  it("228. the command shows none, whatever it says", async () => {
    await using server = await startRangeServer({
      files: { "a.bin": patternBytes(100_000, 1) },
      misbehave: { name: "status", status: 403, path: "/refused" },
    });
    const base = server.url.replace("http://", "http://me:hunter7@");
    const lines = [
      ["info", `${base}/a.bin${SECRETS}`, "--receipt"],
      ["info", `${base}/a.bin${SECRETS}`, "--json", "--receipt"],
      ["plan", `${base}/a.bin${SECRETS}`, "--range", "0-99"],
      ["doctor", `${base}/a.bin${SECRETS}`, "--header", "X-Key: hunter8"],
      ["ls", `${base}/a.bin${SECRETS}`],
      ["cat", `${base}/missing${SECRETS}`],
      ["cat", `http://me:hunter7@127.0.0.1:1/x${SECRETS}`],
      ["cat", `ftp://me:hunter7@files.example/x${SECRETS}`],
    ];
    for (const line of lines) {
      const { output, stderr } = await runNode([cli.path, ...line]);
      expect(output + stderr).not.toBe("");
      expect(output + stderr).not.toContain("hunter");
    }
  });
});
