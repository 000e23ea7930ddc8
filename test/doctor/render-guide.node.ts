import type { Finding } from "../../src/doctor.ts";
import { doctorCases, examine } from "./doctor-cases.node.ts";

const MEANINGS: Record<Finding["level"], string> = {
  problem: "Problems: they cost bytes, requests or certainty",
  advice: "Advice: it works, and could be better",
  note: "Notes: good to know",
};

/** The part of the guide that explains each finding, in the words of a real diagnosis. */
export async function renderFindings(order: readonly string[]): Promise<string> {
  const found = new Map<string, Finding>();
  // What is found alone is the better example.
  const cases = doctorCases.toSorted((a, b) => a.findings.length - b.findings.length);
  for (const { setting } of cases) {
    const { findings } = await examine(setting);
    for (const finding of findings) if (!found.has(finding.name)) found.set(finding.name, finding);
  }
  const lines: string[] = [];
  let level: Finding["level"] | undefined;
  for (const finding of order.flatMap((name) => found.get(name) ?? [])) {
    if (finding.level !== level) lines.push(`## ${MEANINGS[finding.level]}\n`);
    level = finding.level;
    lines.push(renderFinding(finding));
  }
  return lines.join("\n");
}

function renderFinding({ name, what, cost, remedy }: Finding): string {
  return [
    `### ${name}\n`,
    `> ${settle(what)}\n`,
    `Cost: ${settle(cost)}\n`,
    `Remedy: ${settle(remedy)}\n`,
  ].join("\n");
}

/** Ports and times of this very run. */
function settle(text: string): string {
  return text
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "https://files.example")
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT/g, "Tue, 02 Jan 2024 03:04:05 GMT");
}
