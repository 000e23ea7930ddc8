import { fork } from "node:child_process";
import { once } from "node:events";
import { fileOf } from "./traces/workloads.mjs";

const OTHERS_LIMIT_MS = 8000;

/** Starts an origin of `profile` in a process of its own. */
export async function startOrigin(profile) {
  const child = fork(new URL("origin/origin.mjs", import.meta.url), [profile]);
  const [{ url }] = await once(child, "message");
  const control = async (path) => (await fetch(`${url}${path}`)).json();
  return {
    url,
    /** Has the file made, which may take a second. */
    prepare: async (file) =>
      void (await fetch(`${url}/${file}`, { method: "HEAD", headers: { connection: "close" } })),
    reset: () => control("/-/reset"),
    counts: () => control("/-/counts"),
    close: () => child.disconnect(),
  };
}

/** One run: what the process measured, and what the origin counted. Ours must come to its end within `ourLimitMs`. */
export async function runContender({ contender, workload, profile, origin, built, ourLimitMs }) {
  await origin.prepare(fileOf(workload, profile));
  const limitMs = contender.kind === "ours" ? ourLimitMs : OTHERS_LIMIT_MS;
  const task = { contender, workload, profile, origin: origin.url, limitMs };
  const child = fork(new URL("contender-process.mjs", import.meta.url), [JSON.stringify(task)], {
    execArgv: ["--expose-gc"],
    env: { ...process.env, RANGE_STREAMS_BUILT: built },
  });
  const result = await new Promise((resolve) => {
    child.on("exit", (code) => resolve({ error: `The process ended with ${code}` }));
    child.on("message", (message) => {
      if (message !== "ready") resolve(message);
      else void origin.reset().then(() => child.send("go"));
    });
  });
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return { ...result, ...(await origin.counts()) };
}
