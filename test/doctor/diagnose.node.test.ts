import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DiagnoseOptions, type Diagnosis, diagnose } from "../../src/doctor.ts";
import { openSource } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import {
  type FileContent,
  type Misbehaviour,
  patternBytes,
  type RangeServer,
  type RangeServerOptions,
  setHeader,
  startRangeServer,
} from "../../src/testing.ts";

const FILE = patternBytes(20_000_000, 3);
const QUICK = { connectMs: 2000, headersMs: 250, idleMs: 250, totalMs: 3000 };
const ORIGIN = "https://app.example";

interface Case extends Partial<RangeServerOptions> {
  file?: FileContent;
  name?: string;
  options?: DiagnoseOptions;
  check?: (server: RangeServer, diagnosis: Diagnosis) => void;
}

async function examine(given: Case): Promise<Diagnosis> {
  const { file = FILE, name = "file.bin", options, check, ...server } = given;
  await using running = await startRangeServer({ ...server, files: { [name]: file } });
  const diagnosis = await diagnose(`${running.url}/${name}`, { timeouts: QUICK, ...options });
  expect(diagnosis.requests).toBe(running.requests.length);
  check?.(running, diagnosis);
  return diagnosis;
}

const names = ({ findings }: Diagnosis): string[] => findings.map(({ name }) => name);

describe("diagnose finds nothing to complain of", () => {
  it("in an honest server, from ten requests", async () => {
    const diagnosis = await examine({});
    expect(diagnosis).toMatchObject({
      verdict: "good",
      findings: [],
      requests: 10,
      facts: {
        size: FILE.length,
        contentType: "application/octet-stream",
        validators: { strength: "strong" },
        stable: true,
        ranges: true,
        suffix: true,
        multiRange: true,
        head: true,
        ifMatch: true,
        ifRange: true,
        redirects: [],
        keepAlive: true,
      },
      capabilities: { ranges: true, suffix: true, multiRange: true, head: true, ifMatch: true },
    });
    expect(diagnosis.facts.cors).toBeUndefined();
  });

  it("in a server that answers as nginx does", async () => {
    expect(await examine({ profile: "nginx" })).toMatchObject({ verdict: "good", findings: [] });
  });

  it("for a page of another origin, from twelve requests", async () => {
    const { verdict, findings, requests, facts } = await examine({ options: { origin: ORIGIN } });
    expect({ verdict, findings, requests }).toEqual({ verdict: "good", findings: [], requests: 12 });
    expect(facts.cors).toEqual({ origin: ORIGIN, allowed: true, hidden: [], preflight: true });
  });

  it.each([1, 2, 3, 8, 9, 16_384, 16_385])("in a file of %d bytes", async (size) => {
    const { verdict, findings, facts } = await examine({ file: patternBytes(size, 1) });
    expect({ verdict, findings, size: facts.size }).toEqual({ verdict: "good", findings: [], size });
  });
});

const table: [misbehave: Misbehaviour, verdict: Diagnosis["verdict"], findings: string[]][] = [
  ["ignores-range", "unusable", ["ranges-ignored"]],
  ["200-for-206", "unusable", ["ranges-ignored"]],
  ["html-login", "unusable", ["web-page"]],
  [{ name: "status", status: 501, on: ({ range }) => range !== undefined }, "unusable", ["ranges-refused"]],
  [{ name: "status", status: 416, on: ({ range }) => range !== undefined }, "unusable", ["ranges-refused"]],
  ["wrong-range", "unusable", ["ranges-wrong"]],
  ["long-body", "unusable", ["ranges-unproven"]],
  ["short-length", "unusable", ["ranges-unproven"]],
  ["no-content-range", "unusable", ["ranges-unproven"]],
  ["wrong-unit", "unusable", ["ranges-unproven"]],
  ["duplicate-content-range", "unusable", ["ranges-unproven"]],
  ["garbage-content-range", "unusable", ["ranges-unproven"]],
  ["gzips", "unusable", ["coded"]],
  [{ name: "ignores-range", after: 1, times: 1 }, "limited", ["ranges-unreliable"]],
  [{ name: "shifted-body", after: 1, times: 1 }, "unusable", ["bytes-disagree"]],
  [[{ name: "long-body" }, "chunked"] as never, "unusable", ["body-long", "head-without-size"]],
  ["etag-changes", "unusable", ["validators-change"]],
  ["file-changes", "unusable", ["validators-change"]],
  ["etag-vanishes", "limited", ["validators-vanish"]],
  ["no-validators", "limited", ["no-validators"]],
  ["no-etag", "good", ["weak-validators"]],
  ["weak-etag", "good", ["weak-validators"]],
  ["unquoted-etag", "good", ["unquoted-etag"]],
  ["no-total", "limited", ["size-hidden"]],
  ["short-range", "good", ["ranges-capped"]],
  ["superset-range", "good", ["no-suffix", "ranges-padded"]],
  ["multipart", "good", ["part-for-range"]],
  ["accept-ranges-none", "good", ["accept-ranges-none"]],
  ["no-suffix", "good", ["no-suffix"]],
  [
    { name: "ignores-range", on: ({ range }) => range?.startsWith("bytes=-") === true },
    "good",
    ["no-suffix"],
  ],
  ["head-forbidden", "good", ["head-refused"]],
  ["head-without-length", "good", ["head-without-size"]],
  ["head-zero-length", "good", ["head-wrong-size"]],
  ["refuses-if-match", "good", ["if-match-refused"]],
  ["ignores-conditions", "good", ["if-range-ignored", "if-match-ignored"]],
  [
    { name: "ignores-range", on: ({ headers }) => headers["if-range"] !== undefined },
    "good",
    ["if-range-refused"],
  ],
  ["redirects", "good", ["redirected"]],
  [{ name: "redirects", status: 301 }, "good", ["moved-permanently"]],
  ["short-body", "limited", ["body-short", "no-answer"]],
  ["drops-mid-body", "limited", ["body-short", "no-answer"]],
  ["close-delimited", "limited", ["no-keep-alive", "head-without-size"]],
  ["connection-close", "limited", ["no-keep-alive"]],
  [{ name: "drops-before-headers", after: 1, times: 2 }, "limited", ["no-answer"]],
  [{ name: "silent", method: "HEAD" }, "limited", ["no-answer"]],
  [{ name: "status", status: 503, after: 2, times: 1 }, "limited", ["no-answer"]],
  [{ name: "429-then-ok", after: 3 }, "limited", ["no-answer", "stopped-early"]],
];

describe("diagnose says what a server does wrong:", () => {
  it.each(table)("%j", async (misbehave, verdict, findings) => {
    const diagnosis = await examine({ misbehave });
    expect([diagnosis.verdict, names(diagnosis)]).toEqual([verdict, findings]);
    for (const { what, cost, remedy } of diagnosis.findings) {
      for (const text of [what, cost, remedy]) {
        expect(text).toMatch(/^[A-Z0-9`][\s\S]{6,}\.$/);
        expect(text).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  });

  it("a list that is not served", async () => {
    const diagnosis = await examine({ maxRanges: 1 });
    expect([diagnosis.verdict, names(diagnosis)]).toEqual(["good", ["no-multi-range"]]);
    expect(diagnosis.capabilities.multiRange).toBe(false);
  });

  it("ranges that are switched off", async () => {
    expect(names(await examine({ maxRanges: 0 }))).toEqual(["ranges-ignored"]);
  });

  it("compression that takes the ranges away from whoever accepts it", async () => {
    const diagnosis = await examine({ gzip: true, file: patternBytes(200_000, 3) });
    expect([diagnosis.verdict, names(diagnosis)]).toEqual(["good", ["coded-on-request"]]);
    expect(diagnosis.facts.coding).toEqual({ always: undefined, onRequest: "gzip" });
  });

  it("an object that a cloud store unpacks on the way", async () => {
    const headers = { "x-goog-stored-content-encoding": "gzip" };
    const diagnosis = await examine({ maxRanges: 0, file: { bytes: FILE, headers } });
    expect(names(diagnosis)).toEqual(["ranges-ignored", "coded"]);
  });

  it("an empty file, of which no range can be asked", async () => {
    for (const profile of ["rfc9110", "nginx"] as const) {
      const diagnosis = await examine({ file: new Uint8Array(0), profile });
      expect([diagnosis.verdict, names(diagnosis)]).toEqual(["good", ["empty-file"]]);
      expect(diagnosis.facts).toMatchObject({ size: 0, ranges: undefined });
    }
  });

  it("a page where a page is meant", async () => {
    const page = "<!doctype html><p>hello";
    expect(names(await examine({ name: "a.html", file: page, maxRanges: 0 }))).toEqual(["ranges-ignored"]);
    expect(names(await examine({ name: "a.html", file: page }))).toEqual([]);
  });
});

describe("diagnose with an origin", () => {
  const options = { origin: `${ORIGIN}/some/page` };

  it.each([
    ["no-cors", {}, "unusable", ["cors-blocked"]],
    [[], { cors: false }, "unusable", ["cors-blocked"]],
    [[], { cors: "plain" }, "limited", ["cors-hides-fields"]],
    ["hidden-headers", {}, "limited", ["cors-hides-fields"]],
    [
      allowing("Access-Control-Expose-Headers", "Content-Range, ETag"),
      {},
      "good",
      ["cors-hides-accept-ranges"],
    ],
    [allowing("Access-Control-Expose-Headers", "*"), {}, "good", []],
    [allowing("Access-Control-Allow-Origin", ORIGIN), {}, "good", ["cors-without-vary"]],
    [allowing("Access-Control-Allow-Origin", "https://other.example"), {}, "unusable", ["cors-blocked"]],
    [{ name: "status", status: 405, method: "OPTIONS" }, {}, "good", ["cors-refuses-preflight"]],
    [{ name: "silent", method: "OPTIONS" }, {}, "limited", ["no-answer"]],
    [{ name: "redirects", method: "OPTIONS" }, {}, "good", ["cors-refuses-preflight"]],
  ] as [Misbehaviour, Partial<RangeServerOptions>, string, string[]][])(
    "%j %j",
    async (misbehave, server, verdict, findings) => {
      const diagnosis = await examine({ ...server, misbehave, options });
      expect([diagnosis.verdict, names(diagnosis)]).toEqual([verdict, findings]);
      expect(diagnosis.facts.cors?.origin).toBe(ORIGIN);
    },
  );

  it("asks the preflight for Range and the caller's own headers, and sends none of them with it", async () => {
    const headers = { "x-api-key": "hunter2", Accept: "*/*" };
    const diagnosis = await examine({
      options: { ...options, headers },
      check: ({ requests }) => {
        const preflight = requests.find(({ method }) => method === "OPTIONS");
        expect(preflight?.headers).toMatchObject({
          origin: ORIGIN,
          "access-control-request-method": "GET",
          "access-control-request-headers": "range,x-api-key",
        });
        expect(preflight?.headers).not.toHaveProperty("x-api-key");
        expect(requests.filter(({ headers: { origin } }) => origin !== undefined).length).toBe(2);
      },
    });
    expect(names(diagnosis)).toEqual([]);
  });

  it("says that the caller's own headers are not allowed", async () => {
    const onlyRange: Misbehaviour = (exchange) => {
      if (exchange.request.method === "OPTIONS") setHeader(exchange, "Access-Control-Allow-Headers", "Range");
    };
    const headers = { "x-api-key": "hunter2" };
    const diagnosis = await examine({ misbehave: onlyRange, options: { ...options, headers } });
    expect([diagnosis.verdict, names(diagnosis)]).toEqual(["unusable", ["cors-refuses-headers"]]);
    expect(diagnosis.findings[0]?.what).toContain("Access-Control-Allow-Headers lacks X-Api-Key");
    expect(JSON.stringify(diagnosis)).not.toContain("hunter2");
  });

  it("looks at redirects on the way too: a page is stopped by one without permission", async () => {
    const withoutCors: Misbehaviour = (exchange) => {
      if (exchange.status === 302)
        exchange.headers = exchange.headers.filter(([name]) => !name.startsWith("Access-"));
    };
    const diagnosis = await examine({ misbehave: ["redirects", withoutCors], options });
    expect(names(diagnosis)).toEqual(["cors-blocked", "redirected"]);
    expect(diagnosis.findings[0]?.what).toContain("A redirect on the way has no Access-Control-Allow-Origin");
  });
});

function allowing(name: string, value: string): Misbehaviour {
  const change: Misbehaviour = (exchange) => setHeader(exchange, name, value);
  return Object.assign(change, { toJSON: () => `${name}: ${value}` });
}

describe("diagnose costs little", () => {
  it("takes at most a socket's buffer of a file that it did not ask for", async () => {
    await examine({
      misbehave: "ignores-range",
      check: ({ requests }) => {
        // What the kernels of both sides hold is sent too; a download would be 20 MB each time.
        for (const { bytesSent } of requests) expect(bytesSent).toBeLessThan(8_000_000);
      },
    });
  });

  it("never asks a server that has had enough again", async () => {
    const diagnosis = await examine({ misbehave: { name: "status", status: 429, after: 1 } });
    expect(diagnosis.requests).toBe(2);
    expect(names(diagnosis)).toEqual(["no-answer", "stopped-early"]);
  });

  it("stops when its time is up, with what it has", async () => {
    const timeouts = { ...QUICK, headersMs: 5000, totalMs: 300 };
    const misbehave = { name: "silent", after: 2 } as const;
    const began = performance.now();
    const diagnosis = await examine({ misbehave, options: { timeouts } });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(names(diagnosis)).toEqual(["no-answer", "stopped-early"]);
    expect(diagnosis.facts).toMatchObject({ ranges: true, size: FILE.length, suffix: undefined });
  });

  it("leaves nothing behind", async () => {
    await examine({ check: ({ connections }) => expect(connections).toBeLessThanOrEqual(1) });
    expect(originsInUse()).toBe(0);
  });
});

describe("diagnose rejects where there is nothing to diagnose", () => {
  it.each([
    ["NOT_FOUND", { name: "status", status: 404 }],
    ["AUTH", { name: "status", status: 403 }],
    ["RATE_LIMITED", "429-then-ok"],
    ["HTTP_STATUS", "status"],
    ["HTTP_STATUS", { name: "status", status: 405 }],
    ["NETWORK", "drops-before-headers"],
    ["TIMEOUT", "silent"],
    ["REDIRECT", "redirect-loop"],
    ["BAD_RESPONSE", "redirect-without-location"],
  ] as [string, Misbehaviour][])("%s: %j", async (code, misbehave) => {
    await expect(examine({ misbehave })).rejects.toMatchObject({ code });
    expect(originsInUse()).toBe(0);
  });

  it.each([
    ["ftp://example.org/x", {}],
    ["no url", {}],
    ["http://127.0.0.1:1/x", { origin: "app.example" }],
    ["http://127.0.0.1:1/x", { origin: "file:///x" }],
    ["http://127.0.0.1:1/x", { headers: { "x-a": "1\r\nx-b: 2" } }],
    ["http://127.0.0.1:1/x", { timeouts: { totalMs: -1 } }],
  ] as [string, DiagnoseOptions][])(
    "INVALID_ARGUMENT, before anything is sent: %s %j",
    async (url, options) => {
      await expect(diagnose(url, options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it("with the reason of its signal, before and during the probes", async () => {
    const reason = new Error("enough");
    await expect(diagnose("http://127.0.0.1:1/x", { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const ending = new AbortController();
    const misbehave: Misbehaviour = ({ request, delivery }) => {
      if (request.ordinal < 2) return;
      delivery.cut = { at: "headers", how: "stall" };
      ending.abort(reason);
    };
    await expect(examine({ misbehave, options: { signal: ending.signal } })).rejects.toBe(reason);
    expect(originsInUse()).toBe(0);
  });
});

describe("diagnose among other things", () => {
  let server: RangeServer;
  beforeAll(async () => {
    server = await startRangeServer({ files: { "file.bin": FILE }, misbehave: "no-suffix" });
  });
  afterAll(() => server.close());

  it("never shows a secret of the URL or of a redirect", async () => {
    await using here = await startRangeServer({
      files: { "file.bin": FILE },
      misbehave: {
        name: "redirects",
        location: `${server.url}/file.bin?X-Amz-Signature=hunter2`,
      },
    });
    const { port } = new URL(here.url);
    const headers = { "x-api-key": "hunter2" };
    server.requests.length = 0;
    const diagnosis = await diagnose(`http://me:hunter2@127.0.0.1:${port}/file.bin?token=hunter2`, {
      headers,
    });
    expect(JSON.stringify(diagnosis)).not.toContain("hunter2");
    expect(diagnosis.facts.redirects).toEqual([{ status: 302, url: `${server.url}/file.bin` }]);
    // Nothing of the caller's goes to the other origin, and the first one is asked once.
    expect(here.requests[0]?.headers).toMatchObject({
      "x-api-key": "hunter2",
      authorization: expect.any(String),
    });
    expect(here.requests.length).toBe(1);
    for (const request of server.requests) {
      expect(request.headers).not.toHaveProperty("x-api-key");
      expect(request.headers).not.toHaveProperty("authorization");
    }
  });

  it("gives capabilities that spare a source the same lesson", async () => {
    const url = `${server.url}/file.bin`;
    const { capabilities } = await diagnose(url);
    for (const [given, refused] of [
      [undefined, 1],
      [capabilities, 0],
    ] as const) {
      server.requests.length = 0;
      await using source = await openSource(url, { probe: { suffix: 100 }, capabilities: given });
      expect(source.size).toBe(FILE.length);
      expect(server.requests.filter(({ status }) => status === 501).length).toBe(refused);
    }
  });

  it("goes through a fetch of one's own, which hides the connection", async () => {
    const { verdict, facts } = await diagnose(`${server.url}/file.bin`, { client: fetch, origin: ORIGIN });
    expect([verdict, facts.keepAlive, facts.cors?.preflight]).toEqual(["good", undefined, true]);
  });
});
