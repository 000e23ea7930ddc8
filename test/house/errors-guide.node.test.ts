import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("explains every error code, in the order of the source, and no other", () => {
  const [, union = ""] = /export type ErrorCode =([^;]+);/.exec(read("src/errors.ts")) ?? [];
  const codes = [...union.matchAll(/"([A-Z_]+)"/g)].map(([, code]) => code);
  const sections = [...read("docs/guide/errors.md").matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  expect(codes.length).toBeGreaterThan(20);
  expect(sections).toEqual(codes);
});

it("says of each code when it comes and what to do", () => {
  for (const section of read("docs/guide/errors.md").split(/^## /m).slice(1)) {
    expect(section).toMatch(/^[A-Z_]+\n\nWhen: [\s\S]+\sDo:\s/m);
  }
});
