import { contenders, workloads } from "./workloads.mjs";

/** Ours must be at least so fast as the best peer, as a part of its speed. */
const LIMIT = 0.95;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The middle of the ratios of rounds: what disturbed a round disturbed both, so it is steadier than the ratio of two middles. */
function pairedSpeed(ours, peer, field) {
  const rounds = Math.min(ours.length, peer.length);
  return median(Array.from({ length: rounds }, (_, round) => peer[round][field] / ours[round][field]));
}

const least = (runs, field) => Math.min(...runs.map((run) => run[field]));

/**
 * One line a contender, the fastest first: middles of times, and how fast ours is as a part of its speed, by the wall clock, by
 * processor time, and by the best runs of both.
 */
export function rowsOf({ results }) {
  const ours = results.find(({ name }) => contenders[name].ours);
  const rows = results.map((result) => {
    const { name, runs, error, onDamage } = result;
    if (error !== undefined || ours?.runs === undefined) return { name, error: error ?? "ours failed" };
    return {
      name,
      wallMs: median(runs.map(([wall]) => wall)),
      cpuMs: median(runs.map(([, cpu]) => cpu)),
      bySpeed: pairedSpeed(ours.runs, runs, 0),
      byCpu: pairedSpeed(ours.runs, runs, 1),
      byBest: least(runs, 0) / least(ours.runs, 0),
      onDamage,
    };
  });
  return rows.sort((a, b) => (a.wallMs ?? Infinity) - (b.wallMs ?? Infinity));
}

/**
 * What ours is measured by: the fastest peer; of a strict workload, the fastest that streams and refuses damage. Beside it the fastest
 * that refuses damage, as ours does, and what Node itself brings.
 */
export function measureOf(workload, rows) {
  const { strict } = workloads[workload];
  const others = rows.filter(({ name, error }) => !contenders[name].ours && error === undefined);
  const peers = others.filter(({ name }) => !contenders[name].platform);
  const counted = peers.filter(
    ({ name, onDamage }) => !strict || (!contenders[name].wholeOnly && onDamage === "refuses"),
  );
  return {
    best: counted[0],
    fastest: peers[0],
    checking: peers.find(({ onDamage }) => onDamage === "refuses"),
    platform: others.find(({ name }) => contenders[name].platform),
  };
}

/** Whether the goal is kept. By the middle of paired rounds, or by the best runs: noise only ever adds. */
export function judge(workload, session) {
  const { best, fastest, checking, platform } = measureOf(workload, rowsOf(session));
  const ours = session.results.find(({ name }) => contenders[name].ours);
  if (ours?.runs === undefined) return { kept: false, text: `ours failed: ${ours?.error}` };
  if (best === undefined) {
    const other =
      fastest === undefined ? "" : `; ${fastest.name}, which does not, by ${fastest.bySpeed.toFixed(2)}`;
    return { kept: true, text: `no peer streams and refuses damage${other}` };
  }
  const { name, bySpeed, byBest, byCpu } = best;
  const shown = [bySpeed, byBest, byCpu].map((ratio) => ratio.toFixed(2));
  const same =
    checking === undefined || checking === best
      ? ""
      : `; ${checking.bySpeed.toFixed(2)} x ${checking.name}, which refuses damage`;
  const node =
    platform === undefined ? "" : `; ${platform.bySpeed.toFixed(2)} x ${platform.name} of Node's own`;
  const text = `${shown[0]} x ${name} (best runs ${shown[1]}, CPU ${shown[2]}; limit ${LIMIT})${same}${node}`;
  return { kept: Math.max(bySpeed, byBest) >= LIMIT, text };
}

/** The formats whose speed the goal names, by the beginning of the names of their workloads. */
const FORMATS = ["zip", "tar", "inflate", "png"];

/**
 * Whether the goal is kept by each format as a whole: the geometric mean over its workloads, each measured by the fastest peer of that
 * workload, so by a peer better than any there is. Beside it the workload that stands worst.
 */
export function judgeFormats(sessions) {
  return FORMATS.flatMap((format) => {
    const speeds = Object.entries(sessions)
      .filter(([workload]) => workload.startsWith(format))
      .map(([workload, session]) => ({ workload, best: measureOf(workload, rowsOf(session)).best }))
      .filter(({ best }) => best !== undefined)
      .sort((a, b) => a.best.bySpeed - b.best.bySpeed);
    if (speeds.length < 2) return [];
    const mean = Math.exp(speeds.reduce((sum, { best }) => sum + Math.log(best.bySpeed), 0) / speeds.length);
    const [{ workload, best }] = speeds;
    const text = `${mean.toFixed(2)} x the fastest peers of its ${speeds.length} workloads (limit ${LIMIT}); at worst ${workload} with ${best.bySpeed.toFixed(2)}`;
    return [{ format, kept: mean >= LIMIT, text }];
  });
}
