import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diskStore } from "./disk-store.node.ts";

const root = mkdtempSync(join(tmpdir(), "range-streams-processes-"));
afterAll(() => rmSync(root, { recursive: true }));

/** What every program below begins with. A value tells its key and its version in every eight bytes, so that no mixture passes. */
const PRELUDE = `
import { diskStore } from "./disk.mjs";
import { StoredBytes } from "./stored.mjs";
import { Range } from "./range.mjs";
const [, , directory, argument] = process.argv;
const seed = Number(argument);
const store = diskStore(directory, { maxBytes: 50_000_000 });
const random = (below) => Math.floor(Math.random() * below);
function makeValue(key, version) {
  const words = new Uint32Array(7000 + (version % 9000));
  for (let i = 0; i < words.length; i += 2) { words[i] = key * 65_536 + i; words[i + 1] = version; }
  return new Uint8Array(words.buffer);
}
function isWhole(key, bytes) {
  const words = new Uint32Array(bytes.buffer, 0, bytes.byteLength / 4);
  const version = words[1];
  if (words.length !== 7000 + (version % 9000)) return false;
  return words.every((word, i) => word === (i % 2 === 0 ? key * 65_536 + i : version));
}
`;

/** Both of a pair read and write the same keys and the same identity as fast as they can. */
const HAMMER = `
const counts = { hits: 0, misses: 0, torn: 0, loaded: 0, wrong: 0 };
const size = 20 * 65_536 + 777;
const byteAt = (at) => (at * 31 + (at >> 8) * 7 + (at >> 16) * 13) & 255;
const fileBytes = (start, end) => Uint8Array.from({ length: end - start }, (_, i) => byteAt(start + i));
const source = { store, url: "https://files.example/shared.bin", size, identity: { strength: "strong", etag: '"1"' } };
const until = Date.now() + 2500;
async function values() {
  for (let version = seed; Date.now() < until; version += 2) {
    const key = random(6);
    if (random(3) === 0) await store.set("shared/" + key, makeValue(key, version));
    if (random(40) === 0) await store.delete("shared/" + key);
    const bytes = await store.get("shared/" + key);
    if (bytes === undefined) counts.misses++;
    else if (isWhole(key, bytes)) counts.hits++;
    else counts.torn++;
  }
}
async function identity() {
  let stored = StoredBytes.forSource({ ...source, onWarning: (message) => { throw new Error(message); } });
  while (Date.now() < until) {
    const start = random(size - 70_000);
    const range = new Range(start, start + 1 + random(70_000));
    if (random(2) === 0) stored.save(range, fileBytes(range.start, range.end));
    for (const [piece, bytes] of await stored.load(range)) {
      counts.loaded += piece.length;
      if (bytes.some((byte, i) => byte !== byteAt(piece.start + i))) counts.wrong++;
    }
    if (random(4) === 0) {
      await stored.flush();
      stored = StoredBytes.forSource(source);
    }
  }
  await stored.flush();
}
await Promise.all([values(), values(), identity()]);
console.log(JSON.stringify(counts));
`;

/** Writes for ever, and says once that it has begun. */
const WRITER = `
for (let version = seed; ; version++) {
  const key = random(8);
  await store.set("killed/" + key, makeValue(key, version));
  await store.set("killed-long", makeValue(0, 100 + version).slice());
  await store.set("killed-longer", new Uint8Array(200_000).fill(version));
  if (version === seed + 5) console.log("begun");
}
`;

/** What became of what \`WRITER\` wrote. */
const CHECKER = `
const counts = { whole: 0, none: 0, torn: 0 };
const count = (bytes, whole) => counts[bytes === undefined ? "none" : whole(bytes) ? "whole" : "torn"]++;
for (let key = 0; key < 8; key++) count(await store.get("killed/" + key), (bytes) => isWhole(key, bytes));
count(await store.get("killed-long"), (bytes) => isWhole(0, bytes));
count(await store.get("killed-longer"), (bytes) => bytes.length === 200_000 && bytes.every((byte) => byte === bytes[0]));
console.log(JSON.stringify(counts));
`;

/** Fills a disk that is too small, by hand and as the store of a source. */
const FILLER = `
const outcomes = { kept: 0, refused: 0, lost: 0, torn: 0, codes: [], warnings: [] };
for (let key = 0; key < 8; key++) {
  const error = await store.set("full/" + key, makeValue(key, 8000)).then(() => undefined, (error) => error);
  const bytes = await store.get("full/" + key);
  if (bytes !== undefined && !isWhole(key, bytes)) outcomes.torn++;
  else if (error === undefined) outcomes[bytes === undefined ? "lost" : "kept"]++;
  else { outcomes.refused++; outcomes.codes.push(error.code); }
}
for (let key = 0; key < 8; key++) {
  const bytes = await store.get("full/" + key);
  if (bytes !== undefined && !isWhole(key, bytes)) outcomes.torn++;
}
const size = 2_000_000;
const stored = StoredBytes.forSource({
  store, url: "https://files.example/f", size, identity: { strength: "strong", etag: '"1"' },
  onWarning: (message) => outcomes.warnings.push(message),
});
const bytes = new Uint8Array(size).fill(7);
for (let turn = 0; turn < 4; turn++) {
  stored.save(new Range(0, size), bytes);
  await stored.flush();
}
for (const [, piece] of await stored.load(new Range(0, size))) if (piece.some((byte) => byte !== 7)) outcomes.torn++;
console.log(JSON.stringify(outcomes));
`;

beforeAll(async () => {
  await build({
    root: new URL("../../", import.meta.url).pathname,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["source", "node"] },
    ssr: { noExternal: true, resolve: { conditions: ["source", "node"] } },
    build: {
      ssr: true,
      outDir: root,
      emptyOutDir: false,
      target: "node20",
      rolldownOptions: {
        input: {
          disk: "src/store/disk-store.node.ts",
          stored: "src/store/stored-bytes.ts",
          range: "src/ranges/range.ts",
        },
        output: { entryFileNames: "[name].mjs", chunkFileNames: "chunk-[hash].mjs" },
      },
    },
  });
  const programs = { hammer: HAMMER, writer: WRITER, checker: CHECKER, filler: FILLER };
  for (const [name, program] of Object.entries(programs))
    writeFileSync(join(root, `${name}.mjs`), PRELUDE + program);
  // So that another user may run them, too.
  chmodSync(root, 0o755);
}, 60_000);

const finished = (child: ChildProcess): Promise<string> => {
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text) => (output += text));
  return new Promise((resolve) => child.on("close", () => resolve(output)));
};

function start(program: string, directory: string, argument = "0"): ChildProcess {
  return spawn(process.execPath, [join(root, `${program}.mjs`), directory, argument]);
}

const run = async (...args: Parameters<typeof start>): Promise<Record<string, number>> =>
  JSON.parse(await finished(start(...args))) as Record<string, number>;

describe("processes on one disk store", () => {
  it("223. that hammer the same keys and the same identity see whole values, and only bytes of the file", async () => {
    const directory = join(root, "hammered");
    const counts = await Promise.all(["1", "2"].map((seed) => run("hammer", directory, seed)));
    for (const { hits = 0, torn, loaded = 0, wrong } of counts) {
      expect({ torn, wrong }).toEqual({ torn: 0, wrong: 0 });
      expect(hits).toBeGreaterThan(50);
      expect(loaded).toBeGreaterThan(100_000);
    }
  }, 30_000);

  it("223. that are killed while they write leave whole values or none, and a store that works", async () => {
    const directory = join(root, "killed");
    let whole = 0;
    for (let round = 0; round < 4; round++) {
      const writer = start("writer", directory, String(round * 1000));
      const end = finished(writer);
      await new Promise<void>((resolve) => writer.stdout?.once("data", () => resolve()));
      await new Promise((resolve) => setTimeout(resolve, round * 11));
      writer.kill("SIGKILL");
      expect(await end).toBe("begun\n");
      const counts = await run("checker", directory);
      expect(counts["torn"]).toBe(0);
      whole += counts["whole"] ?? 0;
    }
    expect(whole).toBeGreaterThan(10);
    const store = diskStore(directory);
    for (let key = 0; key < 8; key++) {
      await store.set(`killed/${key}`, new Uint8Array(100).fill(key));
      expect(await store.get(`killed/${key}`)).toEqual(new Uint8Array(100).fill(key));
    }
  }, 30_000);
});

describe("where the disk takes no more", () => {
  it("a write fails, or what it wrote is there whole, and a source goes on after one warning", async () => {
    // A limit of the size of files breaks writes off in the middle, as a full disk does, and needs no disk.
    const command = `ulimit -f 400; exec "$0" "$@"`;
    const program = [process.execPath, join(root, "filler.mjs"), join(root, "full"), "0"];
    const outcomes = JSON.parse(await finished(spawn("sh", ["-c", command, ...program]))) as Record<
      string,
      unknown
    >;
    expect(outcomes).toMatchObject({ torn: 0, lost: 0, warnings: [expect.stringContaining("EFBIG")] });
    expect(outcomes["kept"]).toBeGreaterThan(0);
    expect(outcomes["refused"]).toBeGreaterThan(0);
    expect(new Set(outcomes["codes"] as string[])).toEqual(new Set(["EFBIG"]));
  });

  it("a directory that may only be read serves what it has, and a source goes on after one warning", async () => {
    const directory = join(root, "read-only");
    mkdirSync(directory);
    const values = diskStore(directory);
    const value = new Uint8Array(new Uint32Array(15_000).map((_, i) => (i % 2 === 0 ? i : 8000)).buffer);
    await values.set("full/0", value);
    // Root may write anywhere, so the program runs as nobody then.
    const nobody = 65_534;
    const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
    const [name = ""] = readdirSync(directory);
    if (user.uid !== undefined)
      for (const path of [directory, join(directory, name)]) chownSync(path, nobody, nobody);
    chmodSync(join(directory, name), 0o400);
    chmodSync(directory, 0o500);
    const child = spawn(process.execPath, [join(root, "filler.mjs"), directory, "0"], user);
    const outcomes = JSON.parse(await finished(child)) as Record<string, unknown>;
    chmodSync(directory, 0o700);
    expect(outcomes).toMatchObject({
      torn: 0,
      lost: 0,
      kept: 0,
      refused: 8,
      warnings: [expect.stringContaining("EACCES")],
    });
    expect(Buffer.compare((await values.get("full/0")) ?? new Uint8Array(), value)).toBe(0);
  });
});
