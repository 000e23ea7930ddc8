import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FINDINGS } from "../../src/doctor/finding-names.ts";
import { renderFindings } from "./render-guide.node.ts";

const PAGE = new URL("../../docs/guide/doctor.md", import.meta.url);
const MARK = "<!-- findings: written by test/doctor, anew with `npm run test:node -- test/doctor -u` -->\n";

it("the guide explains every finding, in the words of a real diagnosis", async () => {
  const page = readFileSync(PAGE, "utf8");
  const [intro = "", explained] = page.split(MARK);
  expect(explained).toBeDefined();
  const rendered = await renderFindings(Object.keys(FINDINGS));
  await expect(`${intro}${MARK}\n${rendered}`).toMatchFileSnapshot(PAGE.pathname);
  const sections = [...rendered.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(Object.keys(FINDINGS));
});
