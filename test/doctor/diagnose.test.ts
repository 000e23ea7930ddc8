import { describe, expect, it } from "vitest";
import { diagnose } from "../../src/doctor.ts";
import { startLab } from "../lab/lab.ts";

const files = { "file.bin": { pattern: 200_000, seed: 4 } };
const browser = "document" in globalThis;

// In Chromium the lab is another origin, so that CORS applies.
describe(`diagnose (${browser ? "in a browser" : "in Node"})`, () => {
  it("finds nothing to complain of in an honest server", async () => {
    await using lab = await startLab({ files });
    const { verdict, findings, facts, capabilities } = await diagnose(`${lab.url}/file.bin`);
    expect({ verdict, findings }).toEqual({ verdict: "good", findings: [] });
    expect(facts).toMatchObject({ size: 200_000, ranges: true, suffix: true, multiRange: true, head: true });
    expect(capabilities.visibleHeaders).toBe(browser ? true : undefined);
  });

  it("notices what a page cannot see", async () => {
    await using lab = await startLab({ files, cors: "plain" });
    const { verdict, findings, facts } = await diagnose(`${lab.url}/file.bin`);
    expect(facts.ranges).toBe(true);
    expect([verdict, findings.map(({ name }) => name)]).toEqual(
      browser ? ["limited", ["cors-hides-fields", "weak-validators"]] : ["good", []],
    );
  });

  it("asks the server itself, and not a cache on the way to it", async () => {
    await using lab = await startLab({ files });
    const caches: unknown[] = [];
    const client: typeof fetch = (input, init) => {
      caches.push(init?.cache);
      return fetch(input, init);
    };
    const { verdict } = await diagnose(`${lab.url}/file.bin`, { client });
    expect(verdict).toBe("good");
    expect(new Set(caches)).toEqual(new Set(["no-store"]));
  });

  it("is not misled by a short file whose Content-Range is hidden", async () => {
    await using lab = await startLab({ files: { "file.bin": { pattern: 50, seed: 4 } }, cors: "plain" });
    const { findings, facts } = await diagnose(`${lab.url}/file.bin`);
    expect(facts).toMatchObject({ size: 50, ranges: true, suffix: browser ? undefined : true });
    expect(findings.map(({ name }) => name)).toEqual(browser ? ["cors-hides-fields", "weak-validators"] : []);
  });

  it("says what a refused preflight looks like", async () => {
    await using lab = await startLab({
      files,
      misbehave: { name: "status", status: 405, method: "OPTIONS" },
    });
    const { verdict, findings, facts } = await diagnose(`${lab.url}/file.bin`);
    expect(facts.ranges).toBe(true);
    const names = findings.map(({ name }) => name);
    expect([verdict, names]).toEqual(browser ? ["limited", ["no-answer"]] : ["good", []]);
    if (browser) expect(findings[0]?.remedy).toContain("--origin");
  });

  it("says that the redirect which the platform followed is there", async () => {
    await using lab = await startLab({ files, misbehave: "redirects" });
    const { facts } = await diagnose(`${lab.url}/file.bin`);
    const status = browser ? undefined : 302;
    expect(facts.redirects).toEqual([{ status, url: `${lab.url}/file.bin?redirected` }]);
  });

  it("speaks for another origin where the platform allows that", async () => {
    await using lab = await startLab({ files, cors: false });
    const diagnosing = diagnose(`${lab.url}/file.bin`, { origin: "https://app.example" });
    if (browser) await expect(diagnosing).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    else expect((await diagnosing).verdict).toBe("unusable");
  });

  it("rejects as any opening does where the first contact fails", async () => {
    await using lab = await startLab({ files });
    await expect(diagnose(`${lab.url}/none`)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
