import { describe, expect, it } from "vitest";
import { Random } from "../../test/chaos/random.ts";
import { expectWireBytes, openImitated } from "../../test/engine/imitated-engine.ts";
import { CLOUD, type ImitatedWire, SLOW, WAN } from "../../test/engine/imitated-wire.ts";
import { settled } from "../../test/engine/virtual-clock.ts";
import { isRangeStreamsError } from "../errors.ts";
import type { Bytes } from "../source/source.ts";
import type { Engine } from "./engine.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const ENOUGH = "enough";
const TORN = new Error("torn");

/** Counts what is asked for, also what waits for a connection and is given up there. */
function countOpened(wire: ImitatedWire): string[] {
  const opened: string[] = [];
  const openBody = wire.openBody.bind(wire);
  wire.openBody = (range) => {
    opened.push(String(range));
    return openBody(range);
  };
  return opened;
}

/** Reads of members of an archive: mostly the next one, some of them given up or not waited for. */
async function readMembers(seed: number): Promise<void> {
  const random = new Random(seed);
  const size = random.pick([3 * MiB, 20 * MiB]);
  const link = random.pick([CLOUD, WAN, SLOW]);
  const cacheBytes = random.pick([0, 300 * KiB, MiB, 64 * MiB]);
  const { wire, engine } = openImitated({ size, link, cacheBytes });
  const opened = countOpened(wire);
  const [sizes, aheadEnd] = [
    random.pick([[300], [3 * KiB, 70 * KiB], [300, 500 * KiB, 3 * MiB]]),
    size - 50_000,
  ];
  const calls: Promise<void>[] = [];
  for (let index = 0, at = 0; index < 60 && at < aheadEnd; index++) {
    if (random.chance(0.05)) at = random.whole(0, aheadEnd - 1);
    const [start, end] = [at, Math.min(aheadEnd, at + random.pick(sizes))];
    at = end + random.pick([0, 0, 30]);
    const aborting = new AbortController();
    const before = opened.length;
    const read = engine.read([start, end], { divide: false, aheadEnd, signal: aborting.signal });
    const call = read.then(
      (bytes) => expectWireBytes(bytes, start, end),
      (error) => expect(error).toBe(ENOUGH),
    );
    calls.push(call);
    await settled();
    const sent = opened.length;
    expect(sent - before, `requests of [${start}, ${end}): ${opened.slice(before)}`).toBeLessThanOrEqual(1);
    if (random.chance(0.05)) aborting.abort(ENOUGH);
    await (random.chance(0.6) ? call : wire.clock.sleep(random.whole(0, 40)));
    expect(opened.slice(sent), "sent between reads").toEqual([]);
  }
  await Promise.all(calls);
  await wire.clock.sleep(60_000);
  for (const { range } of wire.requests) expect(range.end).toBeLessThanOrEqual(aheadEnd);
  expect(wire.active).toBe(0);
}

interface Setting {
  readonly random: Random;
  readonly wire: ImitatedWire;
  readonly engine: Engine;
}

/** Streams a part, pauses here and there, and may leave it. */
async function stream(
  { random, wire, engine }: Setting,
  [start, end]: readonly [number, number],
): Promise<void> {
  const leavesAt = random.chance(0.3) ? random.whole(start, end) : end;
  const reader = engine.stream([start, end], { divide: random.chance(0.3) }).getReader();
  let position = start;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    expectWireBytes(next.value, position, position + next.value.length);
    position += next.value.length;
    if (position >= leavesAt && position < end) return reader.cancel();
    if (random.chance(0.02)) await wire.clock.sleep(random.whole(0, 3000));
  }
  expect(position).toBe(end);
}

async function read(
  { random, wire, engine }: Setting,
  [start, end]: readonly [number, number],
): Promise<void> {
  const aborting = new AbortController();
  if (random.chance(0.1)) void wire.clock.sleep(random.whole(0, 300)).then(() => aborting.abort(ENOUGH));
  const check = (bytes: Bytes): void => expectWireBytes(bytes, start, end);
  const options = { divide: false, signal: aborting.signal };
  if (random.chance(0.7)) check(await engine.read([start, end], options));
  else
    (
      await engine.readMany(
        [
          [start, end],
          [start, end],
        ],
        options,
      )
    ).forEach(check);
}

/** Reads and streams side by side, on a wire that may tear, with any cache and budget. */
async function readSideBySide(seed: number): Promise<void> {
  const random = new Random(seed);
  const size = 5 * MiB;
  const tears = random.chance(0.2) ? 0.01 : 0;
  const { wire, engine } = openImitated({
    size,
    policy: random.pick(["balanced", "lean", "fast"]),
    link: random.pick([CLOUD, WAN, SLOW]),
    cacheBytes: random.pick([0, 300 * KiB, MiB, 64 * MiB]),
    maxBytes: random.pick([Infinity, Infinity, 4 * MiB]),
    beforeChunk: () => {
      if (random.chance(tears)) throw TORN;
    },
  });
  const calls: Promise<void>[] = [];
  for (let index = 0; index < 12; index++) {
    const start = random.whole(0, size);
    const part = [start, Math.min(size, start + random.pick([10, 70 * KiB, MiB, 3 * MiB]))] as const;
    const setting = { random, wire, engine };
    const call = (random.chance(0.5) ? read(setting, part) : stream(setting, part)).catch(
      (error: unknown) => {
        if (error !== ENOUGH && error !== TORN && !isRangeStreamsError(error, "LIMIT")) throw error;
      },
    );
    calls.push(call);
    if (random.chance(0.3)) await Promise.race([call, wire.clock.sleep(5000)]);
  }
  const all = Promise.all(calls).then(() => "ended");
  expect(await Promise.race([all, wire.clock.sleep(600_000).then(() => "hangs")])).toBe("ended");
  await wire.clock.sleep(60_000);
  expect(wire.active).toBe(0);
  expect([...engine.spans].filter(([, state]) => state === "pending")).toEqual([]);
}

async function play(program: (seed: number) => Promise<void>, count: number): Promise<void> {
  for (let seed = 1; seed <= count; seed++) {
    try {
      await program(seed);
    } catch (error) {
      throw new Error(`Seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
}

describe("what is not to be divided", () => {
  it("is one request a read at most, with what is fetched ahead of it, and nothing between reads", () =>
    play(readMembers, 20));

  it("has the right bytes, ends and leaves nothing open, whatever goes on beside it", () =>
    play(readSideBySide, 25));
});
