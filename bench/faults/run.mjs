// What range readers give when a server lies. Build first, and install the peers: npm run build && npm --prefix bench/faults ci.
// Then: node bench/faults/run.mjs [--write], which puts the table into the README and the figures into results/faults.json.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { patternBytes, startRangeServer } from "../../dist/testing.js";

const SIZE = 300_000;
const [START, END] = [100_000, 200_000];
const first = patternBytes(SIZE, 1);
const second = patternBytes(SIZE, 2);

/** Only the read itself is lied to; whatever a peer asks to open is answered honestly. */
const onRead = ({ range }) => range !== undefined && /^bytes=(100000|1[0-9]{5})-/.test(range);

/** One lie a case; `reading` changes the server while the read goes on. */
const cases = [
  { name: "shifted range", misbehave: { name: "wrong-range", on: onRead } },
  { name: "changed file", before: (server) => server.replace("file", second) },
  { name: "ignored Range", misbehave: { name: "ignores-range", on: onRead } },
  {
    name: "short body",
    misbehave: [
      { name: "close-delimited", on: onRead, times: 1 },
      { name: "short-body", bytes: 30_000, on: onRead, times: 1 },
    ],
  },
  { name: "coded body", misbehave: { name: "gzips", on: onRead } },
  {
    name: "resume onto a changed file",
    misbehave: [
      { name: "drops-mid-body", bytes: 30_000, on: onRead, times: 1 },
      { name: "slow-first-byte", ms: 30, on: onRead, times: 1 },
    ],
    during: (server) => server.replace("file", second),
  },
];

async function play(peer, { misbehave = [], before, during }) {
  const server = await startRangeServer({ files: { file: first }, misbehave });
  let reader;
  try {
    reader = await peer.open(`${server.url}/file`);
    await reader.read(0, 100);
    before?.(server);
    const reading = within(reader.read(START, END));
    if (during !== undefined) setTimeout(() => during(server), 15);
    return judge(await reading);
  } catch (error) {
    return `error (${String(error?.code ?? error?.name ?? "Error")})`;
  } finally {
    await reader?.close().catch(() => undefined);
    await server.close();
  }
}

function within(promise) {
  const late = new Promise((_, reject) =>
    setTimeout(reject, 10_000, new Error("nothing within 10 s")).unref(),
  );
  return Promise.race([promise, late]);
}

const same = (got, wanted) => Buffer.compare(Buffer.from(got), Buffer.from(wanted)) === 0;

function judge(bytes) {
  return same(bytes, first.subarray(START, END)) ? "right bytes" : "WRONG bytes, no error";
}

const results = [];
const folder = new URL("peers/", import.meta.url);
for (const file of readdirSync(folder).sort((a, b) =>
  a === "range-streams.mjs" ? -1 : a.localeCompare(b),
)) {
  const peer = await import(new URL(file, folder));
  const outcomes = {};
  for (const lie of cases) outcomes[lie.name] = await play(peer, lie);
  results.push({ peer: peer.name, version: versionOf(peer.name), outcomes });
}

function versionOf(name) {
  const path = name === "range-streams" ? "../../package.json" : `node_modules/${name}/package.json`;
  return JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")).version;
}

const short = (outcome) =>
  outcome.startsWith("WRONG") ? "**wrong bytes**" : outcome.startsWith("error") ? "error" : "right";
const table = [
  `| reader | ${cases.map(({ name }) => name).join(" | ")} | never wrong |`,
  `| --- |${" --- |".repeat(cases.length + 1)}`,
  ...results.map(({ peer, version, outcomes }) => {
    const cells = cases.map(({ name }) => short(outcomes[name]));
    const survived = cells.filter((cell) => cell !== "**wrong bytes**").length;
    return `| ${peer} ${version} | ${cells.join(" | ")} | ${survived} of ${cases.length} |`;
  }),
].join("\n");
console.log(table);

if (process.argv.includes("--write")) {
  const readme = new URL("../../README.md", import.meta.url);
  const text = readFileSync(readme, "utf8");
  const marked = /(<!-- faults:start[^>]*-->\n)[\s\S]*?(<!-- faults:end -->)/;
  if (!marked.test(text)) throw new Error("README.md has no place for the table");
  writeFileSync(readme, text.replace(marked, `$1\n${table}\n\n$2`));
  const machine = { node: process.version, platform: `${process.platform} ${process.arch}` };
  const made = { machine, results };
  writeFileSync(new URL("results.json", import.meta.url), `${JSON.stringify(made, null, 2)}\n`);
}
