// One contender on one workload: node contender-process.mjs JSON, started by session.mjs. It lives as long as the session, so that
// code is as warm as in a program that reads many files; each message has it play once. What it gives is compared in every run,
// outside of the time.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { digestOf } from "./files/files.mjs";

const { contender, task, gives, paths, url } = JSON.parse(process.argv[2]);
const module = await import(new URL(`contenders/${contender.file}`, import.meta.url));
const facts = JSON.parse(readFileSync(paths.facts, "utf8"));
const read = (path) => path && new Uint8Array(readFileSync(path));
const inputs = {
  right: { bytes: read(paths.bytes), zip: read(paths.zip) },
  damaged: { bytes: read(paths.damaged), zip: read(paths.damagedZip) },
};

async function fetched() {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

async function play(which) {
  const { bytes, zip } = inputs[which];
  const input = url === undefined ? bytes : contender.ranges ? url : await fetched();
  return module[task](input, { ...facts, zip });
}

/** What was given, as names and bytes, in the form of `files.mjs`. */
function piecesOf(given) {
  if (gives === "list") return given.map(({ name, size }) => [`${name} ${size}`]);
  if (task === "decodePng") {
    const { width, height, bitDepth, data } = given;
    return [
      [`${width} ${height} ${bitDepth}`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
    ];
  }
  if (task === "readZip" || task === "readTar") return given.map((bytes, at) => [facts.names[at], bytes]);
  return [["big.bin", Array.isArray(given) ? Buffer.concat(given) : given]];
}

/** How soon both sides know that a connection is over. */
const ENDING_MS = 20;

/**
 * Has the origin end what connections are left: ours closes its own with the archive, and a peer's pool would keep one from play to
 * play, and be spared a round trip that its first play has.
 */
async function beginCold() {
  const [response] = await once(get(new URL("/-/cold", url), { agent: false }), "response");
  response.resume();
  await once(response, "end");
  await after(ENDING_MS);
}

/** What takes less is played again and again, and its mean counts: the full collection before it leaves the first play slow. */
const LEAST_MS = 100;

async function run(which) {
  // Over a link, waiting is what takes time; and a collection that is forced throws compiled code away.
  if (url === undefined) globalThis.gc?.();
  let wallMs = 0;
  let cpuMs = 0;
  let plays = 0;
  try {
    let given;
    do {
      if (url !== undefined) await beginCold();
      const startCpu = process.cpuUsage();
      const began = performance.now();
      given = await play(which);
      wallMs += performance.now() - began;
      const { user, system } = process.cpuUsage(startCpu);
      cpuMs += (user + system) / 1000;
      plays++;
    } while (wallMs < LEAST_MS);
    return { wallMs: wallMs / plays, cpuMs: cpuMs / plays, digest: digestOf(piecesOf(given)) };
  } catch (error) {
    return { error: String(error).slice(0, 400) };
  }
}

process.on("message", (which) => void run(which).then((result) => process.send(result)));
process.on("disconnect", () => process.exit());
process.on("uncaughtException", (error) => process.send({ error: String(error) }));
