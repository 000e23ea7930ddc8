import { describe, expect, it } from "vitest";
import { isRangeStreamsError, type OpenOptions, openSource, type PlannedSource } from "../../src/index.ts";
import { type LabOptions, startLab } from "../lab/lab.ts";

const browser = "document" in globalThis;
const files = { file: { pattern: 200_000, seed: 4 } };
const quick: OpenOptions = {
  retry: { attempts: 2, baseDelayMs: 1, maxDelayMs: 2 },
  timeouts: { headersMs: 5000, idleMs: 5000 },
};

/** What goes wrong, and the code that it has wherever it happens: engines differ in the errors beneath, and in their words. */
const TABLE: [what: string, misbehave: LabOptions["misbehave"], code: string, options?: OpenOptions][] = [
  ["a connection cut before the headers", "drops-before-headers", "NETWORK"],
  ["a body cut by a reset", { name: "drops-mid-body", bytes: 0 }, "NETWORK"],
  ["a body that ends early", { name: "short-body", bytes: 0 }, "NETWORK"],
  ["headers that do not come", "silent", "TIMEOUT", { timeouts: { headersMs: 150 } }],
  ["a body that stalls", { name: "stalls", bytes: 0 }, "TIMEOUT", { timeouts: { idleMs: 150 } }],
  // Of another origin a browser hides the coding, and decodes what it can.
  ["a coded body", "gzips", browser ? "NETWORK" : "ENCODED"],
  ["ranges ignored", "ignores-range", "RANGE_IGNORED"],
  ["other positions", { name: "wrong-range", bytes: 50 }, "RANGE_MISMATCH"],
  ["a status of 401", { name: "status", status: 401 }, "AUTH"],
  ["a status of 403", { name: "status", status: 403 }, "AUTH"],
  ["a status of 404", { name: "status", status: 404 }, "NOT_FOUND"],
  ["a status of 418", { name: "status", status: 418 }, "HTTP_STATUS"],
  ["a status of 429", { name: "status", status: 429 }, "RATE_LIMITED"],
  ["a status of 503", { name: "status", status: 503 }, "HTTP_STATUS"],
  ["a redirect in a circle", "redirect-loop", browser ? "NETWORK" : "REDIRECT"],
];

const clients: [string, OpenOptions][] = [["its own transport", {}]];
// In a browser the platform's fetch is the transport.
if (!browser) clients.push(["the platform's fetch", { client: fetch }]);

async function outcome(opening: Promise<PlannedSource>): Promise<unknown> {
  try {
    await using source = await opening;
    await source.read([0, 100_000]);
    return "read";
  } catch (error) {
    return error;
  }
}

describe.each(clients)(`F14: errors in ${browser ? "a browser" : "Node"}, by %s`, (_name, client) => {
  it.each(TABLE)("227. %s", async (_what, misbehave, code, options = {}) => {
    await using lab = await startLab({ files, misbehave });
    const error = await outcome(openSource(`${lab.url}/file`, { ...quick, ...client, ...options }));
    expect(isRangeStreamsError(error) ? error.code : error).toBe(code);
    expect(error).toMatchObject({ name: "HttpError", url: `${lab.url}/file` });
  });

  it("227. nobody listens", async () => {
    const lab = await startLab({ files });
    await lab.close();
    const error = await outcome(openSource(`${lab.url}/file`, { ...quick, ...client }));
    expect(error).toMatchObject({ code: "NETWORK", retryable: true, attempts: 2 });
    expect((error as Error).cause).toBeInstanceOf(Error);
  });

  it.each(["open", "read", "stream"])("227. an abort of %s rejects with its own reason", async (during) => {
    await using lab = await startLab({
      files,
      misbehave: { name: "silent", after: during === "open" ? 0 : 1 },
    });
    const leaving = new AbortController();
    const reason = { of: "any kind" };
    const { signal } = leaving;
    const opening = openSource(`${lab.url}/file`, {
      ...quick,
      ...client,
      ...(during === "open" && { signal }),
    });
    const asked = async (): Promise<unknown> => {
      await using source = await opening;
      if (during === "read") return await source.read([150_000, 150_010], { signal });
      return await source.stream([150_000, 150_010], { signal }).getReader().read();
    };
    const rejected = expect(asked()).rejects.toBe(reason);
    const requests = during === "open" ? 1 : 2;
    while ((await lab.requests()).length < requests);
    leaving.abort(reason);
    await rejected;
  });

  it("227. a source that was closed", async () => {
    await using lab = await startLab({ files });
    const source = await openSource(`${lab.url}/file`, { ...quick, ...client });
    await source.close();
    await expect(source.read([0, 1])).rejects.toMatchObject({ code: "CLOSED" });
  });
});
