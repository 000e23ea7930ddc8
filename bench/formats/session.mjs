import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf, makers } from "./files/files.mjs";
import { contenders, workloads } from "./workloads.mjs";

/** A contender that has not answered is ended; of damaged data some never do. */
const PATIENCE_MS = 30_000;
/** A round of a contender that takes longer than this is played no more than `SLOW_ROUNDS` times, unless it is ours. */
const SLOW_MS = 4000;
const SLOW_ROUNDS = 2;

/** A round of all that is shorter than this is repeated so many times as often. */
const QUICK_MS = 1500;
const QUICK_TIMES = 4;

/** Makes the file of a workload in a folder. Undefined where the command that compresses it is not there. */
export function makeFile(folder, workload) {
  const { file, gives = "content" } = workloads[workload];
  let made;
  try {
    made = makers[file]();
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
  const paths = {};
  mkdirSync(folder, { recursive: true });
  for (const part of ["bytes", "zip", "damaged", "damagedZip"]) {
    if (made[part] === undefined) continue;
    paths[part] = join(folder, part === "bytes" ? file : `${part}-${file}`);
    writeFileSync(paths[part], made[part]);
  }
  const names = made.names ?? made.content.map(([name]) => name);
  paths.facts = join(folder, "facts.json");
  writeFileSync(paths.facts, JSON.stringify({ names, size: made.size }));
  return { paths, digest: digestOf(made[gives]) };
}

/**
 * All contenders of a workload, each in a process of its own, one run each in turns, round after round, so that what disturbs the
 * machine disturbs all. The first round warms them and is kept apart.
 */
export async function runSession(workload, made, { names, rounds, origin, built }) {
  const url = origin && `${origin}/${workloads[workload].file}`;
  const players = [];
  for (const name of names) {
    const player = startPlayer(name, workload, { made, url, built });
    if (player !== undefined) players.push(player);
  }
  try {
    let left = rounds;
    for (let round = 0; round <= left; round++) {
      // Where a round is over soon, more of them are made: code is warm late, and the noise is large beside them.
      if (round === 2 && isQuick(players)) left *= QUICK_TIMES;
      const turned = round % players.length;
      for (const player of [...players.slice(turned), ...players.slice(0, turned)]) {
        if (isDone(player)) continue;
        player.runs.push(await ask(player, "right", made.digest));
      }
    }
    // A list is not what checksums are of; the origin has the undamaged file alone.
    if (workloads[workload].gives !== "list" && url === undefined)
      for (const player of players) player.onDamage = await askDamaged(player, made);
  } finally {
    for (const { child } of players) child.kill();
  }
  return players.map(({ name, runs, onDamage }) => resultOf(name, { runs, onDamage }));
}

function startPlayer(name, workload, { made, url, built }) {
  const contender = contenders[name];
  const { task, gives } = workloads[workload];
  const can = contender.ours || contender.does.includes(task);
  if (!can || contender.not?.includes(workload)) return undefined;
  const words = { contender, task, gives, paths: made.paths, url };
  const child = fork(new URL("contender-process.mjs", import.meta.url), [JSON.stringify(words)], {
    execArgv: ["--expose-gc"],
    env: { ...process.env, RANGE_STREAMS_BUILT: built },
  });
  return { name, child, runs: [], isOurs: contender.ours === true };
}

function isQuick(players) {
  return players.reduce((sum, { runs }) => sum + (runs.at(-1).wallMs ?? 0), 0) < QUICK_MS;
}

function isDone({ runs, isOurs }) {
  const last = runs.at(-1);
  if (last === undefined) return false;
  return last.error !== undefined || (!isOurs && last.wallMs > SLOW_MS && runs.length > SLOW_ROUNDS);
}

/** One run: times, or what went wrong. */
async function ask({ child }, which, digest) {
  const { digest: given, ...result } = await answerOf(child, which);
  if (result.error !== undefined || given === digest) return result;
  return { error: "wrong bytes" };
}

async function answerOf(child, which) {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const ended = once(child, "exit", { signal }).then(([code]) => [
    { error: `its process ended with ${code}` },
  ]);
  try {
    child.send(which);
    const [answer] = await Promise.race([once(child, "message", { signal }), ended]);
    return answer;
  } catch {
    child.kill("SIGKILL");
    return { error: `no answer in ${PATIENCE_MS / 1000} s` };
  } finally {
    ended.catch(() => undefined);
    own.abort();
  }
}

/** What becomes of a file whose bytes are not those its checksums were made of. */
async function askDamaged(player, made) {
  if (made.paths.damaged === undefined || player.runs.some(({ error }) => error !== undefined))
    return undefined;
  const { error } = await ask(player, "damaged", made.digest);
  if (error === undefined) return "right";
  return error === "wrong bytes" ? "wrong" : error.startsWith("no answer") ? "hangs" : "refuses";
}

function resultOf(name, { runs, onDamage }) {
  const failed = runs.find(({ error }) => error !== undefined);
  if (failed !== undefined) return { name, error: failed.error };
  const rounded = runs.map(({ wallMs, cpuMs }) => [
    Math.round(wallMs * 100) / 100,
    Math.round(cpuMs * 100) / 100,
  ]);
  const [first, ...warm] = rounded;
  return { name, first, runs: warm, ...(onDamage === undefined ? {} : { onDamage }) };
}
