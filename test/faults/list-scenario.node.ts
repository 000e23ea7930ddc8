import { expect } from "vitest";
import type { OpenOptions } from "../../src/index.ts";
import type { Range } from "../../src/ranges/range.ts";
import { RangeSet } from "../../src/ranges/range-set.ts";
import { resolveHttpSettings } from "../../src/source/http-options.ts";
import type { HttpSource } from "../../src/source/http-source.ts";
import { Meter } from "../../src/source/meter.ts";
import { readParts } from "../../src/source/multi-range.ts";
import { openHttpSource } from "../../src/source/open-http-source.ts";
import { capabilitiesOf } from "../../src/source/origin.ts";
import { type RawExchange, type RawStep, startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { type Fields, file, head, opening, partial, quick } from "./scenario.node.ts";

export type Pair = readonly [start: number, end: number];

/** What every scripted session asks for, unless it says otherwise. */
export const wanted: readonly Pair[] = [
  [100, 110],
  [200, 220],
  [300, 330],
];

/** The same as the field Range. */
export const asList = "bytes=100-109,200-219,300-329";

/** One part; `says` is what its Content-Range claims, `bytes` what it holds. */
export interface Part {
  readonly says: Pair | string;
  readonly bytes?: Uint8Array | string;
  readonly fields?: string;
}

/** A part that is right but for `more`. */
export const part = (start: number, end: number, more: Partial<Part> = {}): Part => ({
  says: [start, end],
  ...more,
});

/** The parts that a right server sends. */
export const right = wanted.map(([start, end]) => part(start, end));

/** The parts as they are sent. */
export function bodySteps(parts: readonly Part[], boundary = "sep"): RawStep[] {
  return parts.flatMap(({ says, bytes, fields = "" }) => {
    const range = typeof says === "string" ? says : `bytes ${says[0]}-${says[1] - 1}/1000`;
    const data = bytes ?? (typeof says === "string" ? "" : file.slice(...says));
    return [`\r\n--${boundary}\r\n${fields}${range === "" ? "" : `Content-Range: ${range}\r\n`}\r\n`, data];
  });
}

export const byteLength = (steps: readonly RawStep[]): number =>
  steps.reduce((sum, step) => {
    if (typeof step === "string") return sum + step.length;
    return step instanceof Uint8Array ? sum + step.byteLength : sum;
  }, 0);

/** What an answer declares of itself. */
interface Declared {
  readonly boundary?: string;
  readonly type?: string;
  readonly fields?: Fields;
}

/** A whole multipart answer to the list. */
export function list(parts: readonly Part[], declared: Declared = {}): RawExchange {
  const { boundary = "sep", type = `multipart/byteranges; boundary=${boundary}`, fields } = declared;
  const body = [...bodySteps(parts, boundary), `\r\n--${boundary}--\r\n`];
  return raw(body, { "Content-Type": type, "Content-Length": byteLength(body), ...fields });
}

/** A multipart answer of these very steps. */
export function raw(body: readonly RawStep[], fields: Fields = {}): RawExchange {
  const type = "multipart/byteranges; boundary=sep";
  const send = [head("206 Partial Content", { "Content-Type": type, ETag: '"a"', ...fields }), ...body];
  return { expect: { range: asList, headers: { "if-match": '"a"', "accept-encoding": "identity" } }, send };
}

/** A multipart answer that ends with its connection. */
export const cut = (...body: RawStep[]): RawExchange =>
  raw([...body, { close: "end" }], { Connection: "close", "Content-Length": undefined });

/** The single ranges that are asked for instead, one after the other. */
export const singles = (...ranges: Pair[]): RawExchange[] =>
  ranges.map(([start, end]) => ({
    expect: { range: `bytes=${start}-${end - 1}` },
    send: partial(start, end),
  }));

interface Opened {
  readonly source: HttpSource;
  readonly meter: Meter;
}

/** Opens a source for `readParts`, its opening body read to its end. */
export async function open(url: string, options: OpenOptions = {}): Promise<Opened> {
  const meter = new Meter();
  // One connection, so that a script has one order.
  const settings = resolveHttpSettings(url, { ...quick, maxConnections: 1, ...options }, meter);
  const probe = { kind: "span", range: new RangeSet([[0, 10]]).span() as Range } as const;
  const { source, first } = await openHttpSource(settings, { ask: probe, exact: false }, undefined);
  while ((await first?.body.read()) !== undefined);
  return { source, meter };
}

interface Outcome {
  /** `bytes`, or the code of the error. */
  readonly result: string;
  readonly multiRange: boolean | undefined;
  readonly meter: Meter;
}

/** Plays a session of one `readParts`, compares what it gives with the file, and what the meter says with the script. */
export async function readScripted(
  answers: readonly RawExchange[],
  options: OpenOptions = {},
): Promise<Outcome> {
  const server = await startRawServer([opening, ...answers]);
  const url = `${server.url}/file`;
  const { source, meter } = await open(url, options);
  let result = "bytes";
  try {
    const parts = await readParts(source, wanted);
    expect(parts).toHaveLength(wanted.length);
    for (const [index, bytes] of parts.entries())
      expectSameBytes(bytes, file.slice(...(wanted[index] as Pair)));
    expect(meter.ranges.byteLength).toBeGreaterThanOrEqual(70);
  } catch (error) {
    result = (error as { code?: string }).code ?? String(error);
  }
  const multiRange = capabilitiesOf(url)?.multiRange;
  await source.close();
  await server.close();
  expect(meter.requests).toBe(1 + answers.length);
  return { result, multiRange, meter };
}
