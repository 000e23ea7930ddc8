import { readFileSync, writeFileSync } from "node:fs";
import { judge, judgeFormats, measureOf, rowsOf } from "./judge.mjs";
import { loadResults } from "./results.mjs";
import { contenders, workloads } from "./workloads.mjs";

/** One session as lines for a terminal, the fastest first. */
export function formatSession(workload, profile, session) {
  const head = [`${workload} (${profile})`, "ms", "CPU ms", "ours x", "best x", "CPU x", "damaged"];
  const lines = rowsOf(session).map((row) => {
    if (row.error !== undefined) return [row.name, row.error.split("\n")[0]];
    const { name, wallMs, cpuMs, bySpeed, byBest, byCpu, onDamage = "" } = row;
    const ratios = [bySpeed, byBest, byCpu].map((ratio) => ratio.toFixed(2));
    return [name, wallMs.toFixed(1), cpuMs.toFixed(1), ...ratios, onDamage];
  });
  const widths = [24, 9, 9, 8, 8, 8, 9];
  const aligned = [head, ...lines].map((cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(28) : cell.padStart(widths[at]))).join(""),
  );
  return `${aligned.join("\n")}\n`;
}

/** Prints what came of each kept workload of a profile, and of each format; returns how many goals were broken. */
export function printGoals(profile) {
  const { workloads: sessions } = loadResults(profile);
  const judged = [
    ...Object.entries(sessions).map(([workload, session]) => ({ of: workload, ...judge(workload, session) })),
    ...judgeFormats(sessions).map(({ format, ...rest }) => ({ of: `${format}, all of it`, ...rest })),
  ];
  for (const { of, kept, text } of judged)
    console.log(`${kept ? "kept  " : "BROKEN"} ${profile} ${of}: ${text}`);
  const broken = judged.filter(({ kept }) => !kept).length;
  console.log(`${judged.length - broken} kept, ${broken} broken`);
  return broken;
}

const MARKED = /(<!-- bench-formats:start[^>]*-->\n)[\s\S]*?(<!-- bench-formats:end -->)/;

/** Puts the table of what was kept in memory between its marks in the README of the package. */
export function writeReadmeTable() {
  const { workloads: kept } = loadResults("memory");
  const rows = Object.keys(workloads)
    .filter((name) => kept[name] !== undefined)
    .map((name) => readmeRow(name, kept[name]));
  const table = [
    "| in memory | range-streams | of the fastest peer's speed | which, given damaged data | of the fastest that refuses it |",
    "| --- | --: | --- | --- | --- |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
  const readme = new URL("../../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8");
  if (!MARKED.test(text)) throw new Error("README.md has no place between bench-formats:start and :end");
  writeFileSync(
    readme,
    text.replace(MARKED, (_, start, end) => `${start}\n${table}\n\n${end}`),
  );
  console.log(table);
}

function readmeRow(workload, session) {
  const rows = rowsOf(session);
  const ours = rows.find(({ name }) => contenders[name].ours);
  const { best, fastest, checking, platform } = measureOf(workload, rows);
  const peer = best ?? fastest;
  const words = { refuses: "refuses", wrong: "**wrong bytes**", hangs: "**hangs**" };
  const against = (row) => (row === undefined ? "" : `${row.bySpeed.toFixed(2)} x ${row.name}`);
  return [
    workloads[workload].title,
    `${shown(ours.wallMs)} ms`,
    [peer, platform].filter(Boolean).map(against).join(", "),
    words[peer?.onDamage] ?? "",
    checking === peer ? "" : against(checking),
  ];
}

function shown(ms) {
  return ms >= 99.5 ? ms.toFixed(0) : ms.toPrecision(2);
}
