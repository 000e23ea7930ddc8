import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FINDINGS } from "../../src/doctor/finding-names.ts";
import { type DiagnoseOptions, type Diagnosis, diagnose } from "../../src/doctor.ts";
import { openSource } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import {
  type Misbehaviour,
  patternBytes,
  type RangeServer,
  setHeader,
  startRangeServer,
} from "../../src/testing.ts";
import { doctorCases, examine, ORIGIN, QUICK, SIZE } from "./doctor-cases.node.ts";

const names = ({ findings }: Diagnosis): string[] => findings.map(({ name }) => name);

describe("diagnose finds nothing to complain of", () => {
  it("in an honest server, from ten requests", async () => {
    const diagnosis = await examine({});
    expect(diagnosis).toMatchObject({
      verdict: "good",
      findings: [],
      requests: 10,
      facts: {
        size: SIZE,
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

describe("diagnose says what a server does wrong:", () => {
  it.each(doctorCases)("$title", async ({ setting, verdict, findings }) => {
    const diagnosis = await examine(setting, ({ requests }) => {
      // What the kernels of both sides hold is sent too; a download would be 20 MB each time.
      for (const { bytesSent } of requests) expect(bytesSent).toBeLessThan(8_000_000);
    });
    expect([diagnosis.verdict, names(diagnosis)]).toEqual([verdict, findings]);
    for (const { what, cost, remedy } of diagnosis.findings) {
      for (const text of [what, cost, remedy]) {
        expect(text).toMatch(/^[A-Z0-9`][\s\S]{6,}\.$/);
        expect(text).not.toMatch(/undefined|NaN|\[object/);
      }
    }
  });

  it("can find everything that has a name", () => {
    const found = new Set(doctorCases.flatMap(({ findings }) => findings));
    expect(Object.keys(FINDINGS).filter((name) => !found.has(name))).toEqual([]);
  });
});

describe("diagnose tells as facts", () => {
  it("what it found", async () => {
    const refused = await examine({ misbehave: "refuses-if-match", maxRanges: 1 });
    expect(refused.facts).toMatchObject({ ifMatch: false, ifRange: true, multiRange: false });
    expect(refused.capabilities).toMatchObject({ ifMatch: false, multiRange: false, suffix: true });
    const ignoring = await examine({ misbehave: ["ignores-conditions", "no-suffix", "head-zero-length"] });
    expect(ignoring.facts).toMatchObject({ ifMatch: false, ifRange: false, suffix: false, head: false });
    // It lets the right ETag pass, so that sending it does no harm.
    expect(ignoring.capabilities.ifMatch).toBe(true);
    const capped = await examine({ misbehave: { name: "short-range", bytes: 1000 } });
    expect(capped.capabilities.maxRangeBytes).toBe(1000);
    const coded = await examine({ gzip: true, file: patternBytes(200_000, 3) });
    expect(coded.facts.coding).toEqual({ always: undefined, onRequest: "gzip" });
    const changing = await examine({ misbehave: "etag-changes" });
    expect(changing.facts).toMatchObject({ stable: false, ranges: true });
  });

  it("only what it saw", async () => {
    const empty = await examine({ file: "" });
    expect(empty.facts).toMatchObject({ size: 0, ranges: undefined, suffix: undefined });
    const ignored = await examine({ misbehave: "ignores-range" });
    expect(ignored.facts).toMatchObject({
      ranges: false,
      size: SIZE,
      suffix: undefined,
      ifMatch: undefined,
    });
    const silent = await examine({ misbehave: { name: "silent", on: ({ range }) => range === "bytes=-8" } });
    expect(silent.facts).toMatchObject({ ranges: true, suffix: undefined, multiRange: true });
  });
});

describe("diagnose with an origin", () => {
  const options = { origin: ORIGIN };

  it("asks the preflight for Range and the caller's own headers, and sends none of them with it", async () => {
    const headers = { "x-api-key": "hunter2", Accept: "*/*" };
    const diagnosis = await examine({ options: { ...options, headers } }, ({ requests }) => {
      const preflight = requests.find(({ method }) => method === "OPTIONS");
      expect(preflight?.headers).toMatchObject({
        origin: ORIGIN,
        "access-control-request-method": "GET",
        "access-control-request-headers": "range,x-api-key",
      });
      expect(preflight?.headers).not.toHaveProperty("x-api-key");
      expect(requests.filter(({ headers: { origin } }) => origin !== undefined).length).toBe(2);
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
    expect(diagnosis.findings[0]?.what).toContain("a redirect on the way has no Access-Control-Allow-Origin");
  });
});

describe("diagnose costs little", () => {
  it("never asks a server that has had enough again", async () => {
    const diagnosis = await examine({ misbehave: { name: "status", status: 429, after: 1 } });
    expect(diagnosis.requests).toBe(2);
    expect(names(diagnosis)).toEqual(["no-answer", "stopped-early"]);
  });

  it("stops when its time is up, with what it has", async () => {
    const timeouts = { ...QUICK, headersMs: 5000, totalMs: 600 };
    const misbehave = { name: "silent", after: 2 } as const;
    const began = performance.now();
    const diagnosis = await examine({ misbehave, options: { timeouts } });
    expect(performance.now() - began).toBeLessThan(2000);
    expect(names(diagnosis)).toEqual(["no-answer", "stopped-early"]);
    expect(diagnosis.facts).toMatchObject({ ranges: true, size: SIZE, suffix: undefined });
  });

  it("leaves nothing behind", async () => {
    await examine({}, ({ connections, requests }, diagnosis) => {
      expect(connections).toBeLessThanOrEqual(1);
      expect(diagnosis.requests).toBe(requests.length);
    });
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
  const files = { "file.bin": patternBytes(300_000, 3) };
  let server: RangeServer;
  beforeAll(async () => {
    server = await startRangeServer({ files, misbehave: "no-suffix" });
  });
  afterAll(() => server.close());

  it("never shows a secret of the URL or of a redirect", async () => {
    await using here = await startRangeServer({
      files,
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
      expect(source.size).toBe(300_000);
      expect(server.requests.filter(({ status }) => status === 501).length).toBe(refused);
    }
  });

  it("goes through a fetch of one's own, which hides the connection", async () => {
    const { verdict, facts } = await diagnose(`${server.url}/file.bin`, { client: fetch, origin: ORIGIN });
    expect([verdict, facts.keepAlive, facts.cors?.preflight]).toEqual(["good", undefined, true]);
  });
});
