import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { serveExplorer } from "../../src/cli/explore/serve-explorer.ts";
import { type BuiltExplorer, buildExplorer } from "./open-page.node.ts";

/** What all of the page may weigh, every decoder included; a visit loads the decoders that it meets. */
const MAX_GZIPPED_BYTES = 150_000;

let built: BuiltExplorer;
let files: { name: string; bytes: Buffer }[];

beforeAll(async () => {
  built = await buildExplorer();
  const entries = await readdir(built.page, { recursive: true, withFileTypes: true });
  files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async ({ parentPath, name }) => ({ name, bytes: await readFile(join(parentPath, name)) })),
  );
}, 60_000);

afterAll(() => built.remove());

function textsOf(...extensions: string[]): string[] {
  const chosen = files.filter(({ name }) => extensions.includes(extname(name)));
  return chosen.map(({ bytes }) => String(bytes));
}

it("weighs at most 150 kB, gzipped, in all", () => {
  const sizes = files.map(({ name, bytes }) => [name, gzipSync(bytes, { level: 9 }).length] as const);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(files.length).toBeGreaterThan(5);
  expect([total <= MAX_GZIPPED_BYTES, total, sizes]).toEqual([true, total, sizes]);
});

it("names nothing of another place, and holds no script or style in the page itself", () => {
  const [page = ""] = textsOf(".html");
  const named = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target = ""]) => target);
  expect(named.filter((target) => !/^(?:\.\/|#)/.test(target))).toEqual([]);
  expect(named.length).toBeGreaterThan(3);
  expect(page).not.toMatch(/<style|<script(?![^>]* src=)| style=| on\w+=/);
  for (const style of textsOf(".css")) expect(style).not.toMatch(/@import|url\(/);
});

it("takes no text for markup or a program", () => {
  const scripts = textsOf(".js");
  expect(scripts.length).toBeGreaterThan(5);
  for (const script of scripts) {
    expect(script).not.toMatch(
      /\binnerHTML\b|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function\(/,
    );
  }
});

it("says of itself the policy that its server says, but for frames, which a page cannot forbid", async () => {
  const [page = ""] = textsOf(".html");
  const said = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1] ?? "";
  await using served = await serveExplorer({ page: built.page });
  const policy = (await fetch(served.url)).headers.get("content-security-policy") ?? "";
  expect(policy.replace(" frame-ancestors 'none';", "")).toBe(said);
  expect(said.split("; ")[0]).toBe("default-src 'none'");
});
