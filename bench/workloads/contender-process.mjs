// One contender, one workload, one run, in a process of its own: node contender-process.mjs JSON, started by run-contender.mjs.
// Imports, the trace and the expected bytes are made before the clock starts.
import { readFileSync, writeFileSync } from "node:fs";
import { profiles } from "./profiles.mjs";
import { playDownload } from "./traces/play-archive.mjs";
import { openWorkload } from "./traces/workloads.mjs";

const { contender, workload: name, profile, origin, limitMs } = JSON.parse(process.argv[2]);
const module = await import(new URL(contender.file, import.meta.url));
const workload = openWorkload(name, profile);
const url = `${origin}/${workload.fileName}`;
const options = { option: contender.option, workload, profile: profiles[profile] };
const progress = { done: 0 };
const total = contender.kind === "get" ? workload.file.size : workload.total;

async function play() {
  if (contender.kind === "get" || workload.kind === "download") {
    const opened = await module.openDownload(url, options);
    await playDownload(opened.download, { file: workload.file, progress });
    return opened;
  }
  const opened = await (workload.kind === "zip" ? module.openZip : module.openReader)(url, options);
  await workload.play(opened, progress);
  return opened;
}

/** Most memory since `startPeak`, where Linux tells; the high-water mark of getrusage is the parent's too. */
function memory(field) {
  try {
    return (
      1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))[1])
    );
  } catch {
    return field === "VmRSS" ? process.memoryUsage.rss() : process.resourceUsage().maxRSS * 1024;
  }
}

function startPeak() {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Then the peak includes what was there before.
  }
  return memory("VmRSS");
}

async function run() {
  globalThis.gc?.();
  const startRss = startPeak();
  const startCpu = process.cpuUsage();
  const began = performance.now();
  const measured = () => {
    const { user, system } = process.cpuUsage(startCpu);
    return {
      wallMs: performance.now() - began,
      cpuMs: (user + system) / 1000,
      startRss,
      peakRss: memory("VmHWM"),
      part: Math.min(1, progress.done / total),
    };
  };
  const end = (result) => process.send(result, () => process.exit());
  const limit = setTimeout(() => end({ ...measured(), isCut: true }), limitMs);
  try {
    const opened = await play();
    const result = measured();
    clearTimeout(limit);
    await opened.close();
    end(result);
  } catch (error) {
    end({ ...measured(), error: String(error).slice(0, 600) });
  }
}

process.once("message", () => void run());
process.on("disconnect", () => process.exit());
process.send("ready");
