import { loadResults } from "./results.mjs";
import { summarize } from "./statistics.mjs";

/** Peak memory may exceed what was there before by the default cache and this much. */
const ROOM_BYTES = 64 * 1024 * 1024 + 96e6;
const flat = { grownRss: ROOM_BYTES };
const sequential = { timesOnline: 1.15, timesWanted: 1.03, ...flat };

/** What may at most come out, for each profile, workload and policy; the names are those of `measures`. */
const everywhere = {
  parquet: { balanced: { timesOnline: 1.2, requests: 24, connections: 20, timesWanted: 1.05 } },
  cog: { balanced: { timesOnline: 0.9, requests: 24, timesWanted: 2 } },
  seq4k: { balanced: sequential },
  seq64k: { balanced: sequential },
  tworeaders: { balanced: { timesOffline: 1.5, timesWanted: 1.1 } },
  video: { balanced: { timesWanted: 1.6 } },
  tarwalk: { fast: { timesGet: 1.3 }, lean: { requests: 1001, bytes: 2e6 } },
  pngwalk: { fast: { timesGet: 1.3 } },
  readmany: { balanced: { timesBestGap: 1.1, connections: 32 }, lean: { bytes: 1e6 } },
  sqlite: { balanced: { requests: 420, bytes: 7e6 }, lean: { requests: 471, bytes: 2.1e6 } },
  "zip-open-1of10": { balanced: { timesOnline: 1.2, requests: 1 } },
  "zip-all-10": { balanced: { timesOnline: 1.2, requests: 1 } },
  "zip-list-10k": { balanced: { timesOnline: 1.2, timesOnlineCpu: 2 } },
  "zip-5of10k": { balanced: { timesWanted: 1.05 } },
  "zip64-1of66k": { balanced: { timesOnline: 1.3 } },
  "zip-stored-200M": { balanced: { timesOnline: 1.15, ...flat } },
  "zip-deflated-200M": { balanced: { timesOnline: 1.2, ...flat } },
};

/** Of those that keep nothing, and of those that keep all. */
const smallRequest = {
  lean: { timesHttpCpuEach: 1.3, timesOnlineCpu: 1.3 },
  balanced: { timesHttpCpuEach: 1.3 },
  fast: { timesHttpCpuEach: 1.3 },
  uncached: { timesHttpCpuEach: 1.3 },
};

const more = {
  lan: {
    download: { balanced: { timesBestGet: 1 / 0.9 } },
    tarwalk: { lean: { timesHttpCpuEach: 1.3 } },
    small2k: smallRequest,
    small: smallRequest,
  },
  cloud: {
    // 2.0 s and 1.0 s where one GET of these files takes 2.1 s and 2.7 s.
    sqlite: { fast: { timesGet: 0.95 } },
    video: { balanced: { timesGet: 0.37 } },
  },
  wan: { "zip-stored-200M": { balanced: { wallMs: 6000 } } },
  conn: { download: { balanced: { timesGet: 0.25 } } },
};

const least = (rows, ...kinds) =>
  rows
    .filter(({ kind, error }) => kinds.includes(kind) && error === undefined)
    .sort((a, b) => a.wallMs - b.wallMs)[0];
const named = (rows, name) => rows.find(({ contender, error }) => contender === name && error === undefined);
const timesMs = (row, other) => row.wallMs / other?.wallMs;
const plain = (field) => (row) => row[field];

const measures = {
  wallMs: plain("wallMs"),
  requests: plain("requests"),
  connections: plain("connections"),
  bytes: plain("bytes"),
  grownRss: plain("grownRss"),
  timesOnline: (row, { rows }) => timesMs(row, named(rows, "oracle-online")),
  timesOffline: (row, { rows }) => timesMs(row, named(rows, "oracle-offline")),
  timesGet: (row, { rows }) => timesMs(row, named(rows, "get-http")),
  timesBestGet: (row, { rows }) =>
    timesMs(
      row,
      least(
        rows.filter(({ contender }) => contender !== "oracle-online"),
        "get",
        "peer",
      ),
    ),
  timesBestGap: (row, { rows }) => timesMs(row, least(rows, "fixed-gap")),
  timesBestPeer: (row, { rows }) => timesMs(row, least(rows, "peer")),
  timesBestPeerOrItsBytes: (row, { rows }) => {
    const best = least(rows, "peer");
    return Math.min(timesMs(row, best), row.bytes / best?.bytes);
  },
  timesOnlineCpu: (row, { rows }) => row.cpuMs / named(rows, "oracle-online")?.cpuMs,
  timesHttpCpuEach: (row, { rows }) => {
    const http = named(rows, "naive-http");
    return row.cpuMs / row.requests / (http?.cpuMs / http?.requests);
  },
  timesWanted: (row, { rows, wantedBytes }) =>
    row.bytes / (wantedBytes ?? named(rows, "oracle-online")?.bytes),
};

/** Prints each limit with what came out, and how many were kept. */
export function printGoals(profile) {
  const { workloads } = loadResults(profile);
  let kept = 0;
  let broken = 0;
  for (const [workload, session] of Object.entries(workloads)) {
    const rows = session.results.map(summarize);
    for (const { policy, measure, limit } of limitsOf(profile, workload, rows)) {
      const row = rows.find(({ contender }) => contender === `ours-${policy}`);
      const value =
        row === undefined || row.error !== undefined
          ? Number.NaN
          : measures[measure](row, { rows, ...session });
      const isKept = value <= limit;
      if (isKept) kept++;
      else broken++;
      console.log(
        `${isKept ? "kept  " : "BROKEN"} ${workload} ${policy} ${measure} ${shown(value)} (limit ${shown(limit)})`,
      );
    }
  }
  console.log(`${kept} kept, ${broken} broken`);
}

function limitsOf(profile, workload, rows) {
  const limits = [];
  const add = (policies) => {
    for (const [policy, measured] of Object.entries(policies ?? {}))
      for (const [measure, limit] of Object.entries(measured)) limits.push({ policy, measure, limit });
  };
  add(everywhere[workload]);
  add(more[profile][workload]);
  if (least(rows, "peer") !== undefined)
    add({ fast: { timesBestPeer: 1 }, balanced: { timesBestPeerOrItsBytes: 1 } });
  return limits;
}

function shown(value) {
  return value > 1000 ? Math.round(value).toLocaleString("en") : String(Math.round(value * 1000) / 1000);
}
