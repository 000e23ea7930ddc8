import { expect } from "vitest";
import {
  isRangeStreamsError,
  openSource,
  type PlannedSource,
  type RangeResponse,
  RangeStream,
} from "../../src/index.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServer, startRangeServer } from "../../src/testing/range-server.node.ts";
import { type Action, type Program, programOf, type Span } from "./program.ts";

/** Faults that take validators away. */
const VALIDATORS_GO: readonly string[] = ["no-validators", "etag-vanishes"];

/** How the calls of a program ended. */
export interface Tally {
  answered: number;
  refused: number;
  aborted: number;
}

/** The reason of every abort of a program; nothing may wrap it. */
const ENOUGH = { why: "enough" };

/**
 * Plays the program of a seed against a server of its own and holds every outcome against the file's bytes: bytes of the version
 * that was opened, or a typed error, or the reason of the abort.
 */
export async function playProgram(seed: number): Promise<Tally> {
  const program = programOf(seed);
  const file = patternBytes(program.size, 1);
  const server = await startRangeServer({ files: { file }, misbehave: program.faults });
  const tally: Tally = { answered: 0, refused: 0, aborted: 0 };
  const run = new Run(program, { server, file, tally });
  try {
    await run.play();
    await allClosed(server);
  } catch (error) {
    throw new Error(`Seed ${seed} broke the promise: ${String(error)}`, { cause: error });
  } finally {
    await server.close();
  }
  return tally;
}

/** A server must see its last connection go soon after the last source closed. */
async function allClosed(server: RangeServer): Promise<void> {
  for (let tries = 0; tries < 200 && server.connections > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(server.connections).toBe(0);
}

class Run {
  readonly #program: Program;
  readonly #server: RangeServer;
  readonly #file: Uint8Array;
  readonly #tally: Tally;
  readonly #reading = new Set<RangeResponse>();
  #changes = 1;

  constructor(program: Program, parts: { server: RangeServer; file: Uint8Array; tally: Tally }) {
    this.#program = program;
    this.#server = parts.server;
    this.#file = parts.file;
    this.#tally = parts.tally;
  }

  async play(): Promise<void> {
    const source = await this.#settle(openSource(`${this.#server.url}/file`, this.#program.options));
    if (source === undefined) return;
    // A first answer that lies about the total is believed until the next one contradicts it: then all is CHANGED.
    const lies = this.#program.faults.some(({ name }) => name === "wrong-total");
    if (!lies && Number.isFinite(source.size)) expect(source.size).toBe(this.#program.size);
    const stream = await RangeStream.open(source);
    for (const action of this.#program.actions) {
      await this.#act(source, stream, action);
      this.#checkHeld(source);
    }
    await stream.close();
    await source.close();
  }

  async #act(source: PlannedSource, stream: RangeStream, action: Action): Promise<void> {
    switch (action.do) {
      case "read":
        return this.#read(source, action.range, action.abortMs);
      case "readMany":
        return this.#readMany(source, action.ranges, action.abortMs);
      case "stream":
        return this.#stream(source, action);
      case "add":
        return this.#add(stream, action);
      case "change":
        // Without a validator nothing tells one version from another of its length; that is documented, not promised.
        if (this.#program.faults.some(({ name }) => VALIDATORS_GO.includes(name))) return;
        this.#changes++;
        return this.#server.replace("file", patternBytes(this.#program.size, this.#changes));
      case "together":
        await Promise.all(action.actions.map((each) => this.#act(source, stream, each)));
    }
  }

  async #read(source: PlannedSource, range: Span, abortMs: number | undefined): Promise<void> {
    const bytes = await this.#settle(source.read(range, { signal: this.#abortAfter(abortMs) }));
    if (bytes !== undefined) this.#compare(bytes, range);
  }

  async #readMany(
    source: PlannedSource,
    ranges: readonly Span[],
    abortMs: number | undefined,
  ): Promise<void> {
    const all = await this.#settle(source.readMany(ranges, { signal: this.#abortAfter(abortMs) }));
    if (all === undefined) return;
    expect(all.length).toBe(ranges.length);
    for (const [index, bytes] of all.entries()) this.#compare(bytes, ranges[index] as Span);
  }

  async #stream(source: PlannedSource, action: Extract<Action, { do: "stream" }>): Promise<void> {
    const [start, end] = action.range;
    const reader = source.stream(action.range, { signal: this.#abortAfter(action.abortMs) }).getReader();
    let position = start;
    while (position - start < action.stopAfter) {
      const step = await this.#settle(reader.read());
      if (step === undefined) return;
      if (step.done) {
        expect(position).toBe(end);
        return;
      }
      this.#compare(step.value, [position, position + step.value.byteLength]);
      position += step.value.byteLength;
    }
    await this.#settle(reader.cancel());
  }

  async #add(stream: RangeStream, action: Extract<Action, { do: "add" }>): Promise<void> {
    const handle = stream.add(action.range);
    // An identical range gives the handle that another action may be reading just now.
    if (this.#reading.has(handle)) return;
    this.#reading.add(handle);
    for (const length of action.reads) {
      const { start, end } = handle.remaining;
      const bytes = await this.#settle(handle.read(length));
      if (bytes !== undefined)
        this.#compare(bytes, [start, Math.min(start + length, end)], handle.tailMark > 0);
      else expect(handle.isClosed || handle.remaining.start === start).toBe(true);
    }
    this.#reading.delete(handle);
    if (handle.isClosed) return;
    try {
      handle.seek(Math.min(action.seek, handle.range.length));
    } catch (error) {
      expect(isRangeStreamsError(error, "OVERLAP", "OUT_OF_BOUNDS", "INVALID_ARGUMENT")).toBe(true);
    }
  }

  /** The value, or undefined for a typed error and for the abort; anything else is a broken promise. */
  async #settle<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      const value = await promise;
      this.#tally.answered++;
      return value;
    } catch (error) {
      if (error === ENOUGH) this.#tally.aborted++;
      else if (isRangeStreamsError(error)) this.#tally.refused++;
      else throw error;
      return undefined;
    }
  }

  #abortAfter(ms: number | undefined): AbortSignal | undefined {
    if (ms === undefined) return undefined;
    const controller = new AbortController();
    if (ms === 0) controller.abort(ENOUGH);
    else setTimeout(() => controller.abort(ENOUGH), ms);
    return controller.signal;
  }

  /** A read beside others may have been shortened by a range that was added meanwhile, never lengthened or moved. */
  #compare(bytes: Uint8Array, [start, end]: Span, mayBeShorter = false): void {
    if (!mayBeShorter) expect(bytes.byteLength).toBe(end - start);
    expect(bytes.byteLength).toBeLessThanOrEqual(end - start);
    expect(Buffer.compare(bytes, this.#file.subarray(start, start + bytes.byteLength))).toBe(0);
  }

  #checkHeld(source: PlannedSource): void {
    const { cache, probe } = this.#program.options;
    const allowed = cache === false || cache === undefined ? 0 : (cache.maxBytes ?? 0);
    const first = Array.isArray(probe) ? (probe[1] as number) : 1000;
    let held = 0;
    for (const [range, state] of source.spans) if (state === "held") held += range.length;
    expect(held).toBeLessThanOrEqual(allowed + (cache === false ? first : 0));
  }
}
