import { describe, expect, it } from "vitest";
import { openSource, type SourceEvent } from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { openZip } from "../../src/zip.ts";
import { startLab } from "../lab/lab.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { buildZip } from "../zip/build-zip.ts";

const file = patternBytes(200_000, 4);
const files = { file: { pattern: 200_000, seed: 4 } };
const browser = "document" in globalThis;

// In Node there is no CORS: there the same sessions show that nothing of it gets in the way.
describe(`F10: a page of another origin (${browser ? "here" : "its sessions in Node"})`, () => {
  it("153. a hidden Content-Range: the length proves the span, identity is weak, one warning says what to expose", async () => {
    await using lab = await startLab({ files, cors: "plain" });
    const warnings: SourceEvent[] = [];
    const onEvent = (event: SourceEvent) => {
      if (event.type === "warning") warnings.push(event);
    };
    await using source = await openSource(`${lab.url}/file`, { onEvent });
    expect(source.size).toBe(200_000);
    expectSameBytes(await source.read([100_000, 100_100]), file.slice(100_000, 100_100));
    expectSameBytes(await source.read([-10]), file.slice(-10));
    expect(source.identity.strength).toBe(browser ? "weak" : "strong");
    expect(warnings.length).toBe(browser ? 1 : 0);
    if (browser) expect(JSON.stringify(warnings)).toContain("Access-Control-Expose-Headers");
  });

  it("153. a hidden Content-Range under 'strict' is refused", async () => {
    await using lab = await startLab({ files, cors: "plain" });
    const opening = openSource(`${lab.url}/file`, { identity: "strict" }).then(async (source) => {
      await source.close();
      return "opened";
    });
    if (browser) await expect(opening).rejects.toMatchObject({ code: "NO_IDENTITY" });
    else expect(await opening).toBe("opened");
  });

  it("153. a hidden Content-Range on a short file and on a suffix", async () => {
    await using lab = await startLab({ files: { file: { pattern: 50, seed: 4 } }, cors: "plain" });
    await using source = await openSource(`${lab.url}/file`);
    expect(source.size).toBe(50);
    expectSameBytes(await source.read([0]), file.slice(0, 50));
    await using tail = await openSource(`${lab.url}/file`, { probe: { suffix: 20 } });
    expect(tail.size).toBe(50);
    expectSameBytes(await tail.read([-20]), file.slice(30, 50));
  });

  it("154. no condition is sent where it would cost a preflight; a change is found by comparing", async () => {
    await using lab = await startLab({ files });
    await using source = await openSource(`${lab.url}/file`, { policy: "lean" });
    await source.read([100_000, 100_010]);
    const requests = await lab.requests();
    expect(requests.some(({ headers }) => headers["if-match"] !== undefined)).toBe(!browser);
    if (browser) expect(requests.some(({ method }) => method === "OPTIONS")).toBe(false);
    await lab.replace("file", { pattern: 200_000, seed: 5 });
    await expect(source.read([150_000, 150_010])).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("155. a suffix whose preflight is refused is replaced by absolute ranges", async () => {
    const archive = buildZip([{ name: "a", data: patternBytes(100_000, 1) }]);
    await using lab = await startLab({
      files: { "a.zip": archive },
      misbehave: { name: "status", status: 405, method: "OPTIONS" },
    });
    await using zip = await openZip(`${lab.url}/a.zip`);
    expectSameBytes(await zip.get("a").bytes(), patternBytes(100_000, 1));
  });

  it("156. a server without CORS is NETWORK, called by its name, and not asked ten times", async () => {
    await using lab = await startLab({ files, cors: false });
    const opening = openSource(`${lab.url}/file`, { retry: { attempts: 2, baseDelayMs: 1 } });
    if (!browser) {
      await (await opening).close();
      return;
    }
    const error = await opening.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "NETWORK" });
    expect(String(error)).toContain("Access-Control-Allow-Origin");
    expect((await lab.requests()).length).toBeLessThanOrEqual(2);
  });

  it("157. a body that ends early while its fetch says success is found out and resumed", async () => {
    const client: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (init?.headers === undefined || calls++ !== 1) return response;
      const short = (await response.arrayBuffer()).slice(0, 5);
      const headers = new Headers(response.headers);
      return new Response(short, { status: 206, headers });
    };
    let calls = 0;
    await using lab = await startLab({ files });
    await using source = await openSource(`${lab.url}/file`, { client, retry: { baseDelayMs: 1 } });
    expectSameBytes(await source.read([100_000, 100_010]), file.slice(100_000, 100_010));
    expect(source.receipt.retries).toBe(1);
  });

  it("158. a whole file from a worker's cache in answer to a range is handled as any 200", async () => {
    const client = (async () => new Response(file, { status: 200 })) as typeof fetch;
    await using lab = await startLab({ files });
    await expect(openSource(`${lab.url}/file`, { client })).rejects.toMatchObject({ code: "RANGE_IGNORED" });
    await using source = await openSource(`${lab.url}/file`, { client, ifRangesIgnored: "download" });
    expectSameBytes(await source.read([100_000, 100_010]), file.slice(100_000, 100_010));
  });

  it("custom headers go along without a redirect, and make one an error that says so", async () => {
    const headers = { "x-custom": "1" };
    await using lab = await startLab({ files });
    await using source = await openSource(`${lab.url}/file`, { headers });
    expect(source.size).toBe(200_000);
    await using leading = await startLab({ files, misbehave: "redirects" });
    await using bare = await openSource(`${leading.url}/file`);
    expect(bare.size).toBe(200_000);
    const opening = openSource(`${leading.url}/file`, { headers, retry: false });
    if (browser) await expect(opening).rejects.toMatchObject({ code: "REDIRECT" });
    else await (await opening).close();
  });
});
