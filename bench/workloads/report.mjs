import { readFileSync, writeFileSync } from "node:fs";
import { loadResults } from "./results.mjs";
import { summarize } from "./statistics.mjs";
import { titleOf, workloadNames } from "./traces/workloads.mjs";

/** One session as lines for a terminal, the fastest first. */
export function formatWorkload({ workload, profile, results }) {
  const rows = results.map(summarize);
  const reference = (name) =>
    rows.find(({ contender, error }) => contender === name && error === undefined)?.wallMs;
  const online = reference("oracle-online");
  const get = reference("get-http");
  const ratio = (ms, to) => (to === undefined ? "" : (ms / to).toFixed(2));
  const cells = [...rows]
    .sort((a, b) => (a.wallMs ?? Infinity) - (b.wallMs ?? Infinity))
    .map((row) => {
      if (row.error !== undefined) return [row.contender, row.error.split("\n")[0]];
      const { contender, wallMs, isScaled, cpuMs, requests, connections, bytes, grownRss } = row;
      return [
        contender,
        (isScaled ? "~" : "") + wallMs.toFixed(0),
        ratio(wallMs, online),
        ratio(wallMs, get),
        cpuMs.toFixed(0),
        requests.toFixed(0),
        connections.toFixed(0),
        (bytes / 1e6).toFixed(3),
        (grownRss / 1e6).toFixed(0),
      ];
    });
  const head = [
    `${workload} (${profile})`,
    "ms",
    "x online",
    "x GET",
    "CPU ms",
    "requests",
    "conns",
    "MB",
    "RSS +MB",
  ];
  return `${aligned([head, ...cells])}\n`;
}

function aligned(rows) {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.filter((row) => row.length > 2).map((row) => row[column].length)),
  );
  const line = (row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join("  ");
  return rows
    .map((row) => (row.length === 2 ? `${row[0].padEnd(widths[0])}  ${row[1]}` : line(row)))
    .join("\n");
}

const MARKED = /(<!-- bench:start[^>]*-->\n)[\s\S]*?(<!-- bench:end -->)/;

/** Puts the table of the profile `cloud` between its marks in the README of the package. */
export function writeReadmeTable() {
  const table = readmeTable(loadResults("cloud"));
  const readme = new URL("../../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8");
  console.log(table);
  if (!MARKED.test(text))
    throw new Error("README.md has no place for the table: <!-- bench:start --> and <!-- bench:end -->");
  writeFileSync(
    readme,
    text.replace(MARKED, (_, start, end) => `${start}\n${table}\n\n${end}`),
  );
}

function readmeTable({ workloads }) {
  const rows = workloadNames
    .filter((name) => workloads[name] !== undefined)
    .map((name) => readmeRow(name, workloads[name]));
  return [
    "| workload | lean | balanced | fast | best npm peer | exact reads only | one GET |",
    "| --- | --: | --: | --: | --: | --: | --: |",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

function readmeRow(name, { results }) {
  const rows = results.map(summarize);
  const of = (contender) => rows.find((row) => row.contender === contender);
  const peers = rows.filter(({ kind, error }) => kind === "peer" && error === undefined);
  const best = peers.sort((a, b) => a.wallMs - b.wallMs)[0];
  return [
    titleOf(name),
    cell(of("ours-lean")),
    cell(of("ours-balanced")),
    cell(of("ours-fast")),
    best === undefined ? "" : `${best.contender} ${cell(best)}`,
    cell(of("oracle-online")),
    cell(of("get-http")),
  ];
}

/** Seconds or milliseconds, requests, bytes. */
function cell(row) {
  if (row === undefined) return "";
  if (row.cutMs !== undefined) return `over ${Math.round(row.cutMs / 1000)} s`;
  if (row.error !== undefined) return "failed";
  const { wallMs, isScaled, requests, bytes } = row;
  const time =
    wallMs >= 9950
      ? `${Math.round(wallMs / 1000)} s`
      : wallMs >= 995
        ? `${(wallMs / 1000).toFixed(1)} s`
        : `${wallMs.toFixed(0)} ms`;
  return `${isScaled ? "~" : ""}${time} · ${Math.round(requests)} · ${formatMegabytes(bytes)}`;
}

function formatMegabytes(bytes) {
  const megabytes = bytes / 1e6;
  return `${megabytes >= 100 ? megabytes.toFixed(0) : megabytes >= 1 ? megabytes.toFixed(1) : megabytes.toFixed(2)} MB`;
}
