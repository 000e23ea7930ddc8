import { type Behaviour, behaviourGroups, behaviours } from "./behaviours.ts";

const INTRODUCTION = `# Parity with the original

The idea of this package comes from the Python package [range-streams](https://pypi.org/project/range-streams/) by Louis Maddox
(MIT). Nothing of its code is here, but whoever knows it should find it again. This page goes through what its tests assert, one
numbered behaviour after the other, and says what became of each. Where there is something to call, a test in
\`test/seed/parity.test.ts\` bears the number; it runs over bytes in memory and over HTTP, in both modes, in Node and in a browser.`;

const OUTRO = `Fetching many URLs and the file formats (46 to 52 of the same count) are not part of this table.

This page is made from the table in \`test/seed/behaviours.ts\`; a test compares the two, and \`npx vitest run -u test/seed\` writes it
anew.`;

/** The page `docs/seed-parity.md`. */
export function renderPage(): string {
  const sections = behaviourGroups.map(({ title, behaviours }) => {
    const rows = behaviours.map((behaviour) => `| ${cells(behaviour).join(" | ")} |`);
    return [
      `## ${title}`,
      "",
      "| # | In the original | Here | Why |",
      "| --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
  });
  return `${[INTRODUCTION, summary(), ...sections, OUTRO].join("\n\n")}\n`;
}

function cells({ number, original, here, why = "", noCounterpart }: Behaviour): string[] {
  return [String(number), original, noCounterpart ? "nothing to call" : (here ?? "the same"), why];
}

function summary(): string {
  const none = behaviours.filter(({ noCounterpart }) => noCounterpart).length;
  const different = behaviours.filter(({ here }) => here !== undefined).length;
  const same = behaviours.length - different - none;
  return `Of ${behaviours.length} behaviours ${same} are the same here, ${different} were decided otherwise, and ${none} has nothing to call.`;
}
