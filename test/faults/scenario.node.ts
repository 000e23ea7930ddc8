import { expect } from "vitest";
import { type OpenOptions, openSource, type PlannedSource } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import {
  type RawExchange,
  type RawServer,
  type RawStep,
  startRawServer,
} from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";

/** The file of every scenario: any shift of it shows. */
export const file: Uint8Array<ArrayBuffer> = patternBytes(1000, 42);
/** Another version of it, of the same length. */
export const otherFile: Uint8Array<ArrayBuffer> = patternBytes(1000, 43);

/** Fields to add to an answer, or to replace (undefined: leave out). */
export type Fields = Record<string, string | number | undefined>;

/** A 206 of `[start, end)` of the file, honest but for the fields given. */
export function partial(start: number, end: number, fields: Fields = {}): RawStep[] {
  return [partialHead(start, end, fields), file.slice(start, end)];
}

/** The head of it alone. */
export function partialHead(start: number, end: number, fields: Fields = {}): string {
  const honest = {
    "Content-Range": `bytes ${start}-${end - 1}/1000`,
    "Content-Length": end - start,
    ETag: '"a"',
  };
  return head("206 Partial Content", { ...honest, ...fields });
}

/** A status line and fields. */
export function head(status: string, fields: Fields = {}): string {
  const lines = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** An answer without a body. */
export function status(line: string, fields: Fields = {}): RawExchange {
  return { send: [head(line, { "Content-Length": 0, ...fields })] };
}

/** What the probe of every scenario is answered: the first ten bytes. */
export const opening: RawExchange = { expect: { method: "GET", range: "bytes=0-9" }, send: partial(0, 10) };

/** Options that make a scenario quick and each of its requests visible. */
export const quick: OpenOptions = {
  probe: [0, 10],
  cache: false,
  retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 3 },
  timeouts: { connectMs: 2000, headersMs: 2000, idleMs: 2000, totalMs: 10_000 },
};

/** One scripted session. */
export interface Scenario {
  /** The answer to the probe; by default an honest one. */
  readonly open?: RawExchange | readonly RawExchange[];
  /** The answers to what comes then; a request beyond them fails the test. */
  readonly answers?: readonly RawExchange[];
  /** The range to read; by default [100, 110). */
  readonly read?: readonly [number, number];
  readonly options?: OpenOptions;
}

/** Plays a session and gives what became of its read: the bytes, compared with the file, or the code of the error. */
export async function play(scenario: Scenario): Promise<string> {
  const { open = opening, answers = [], read = [100, 110], options = {} } = scenario;
  const server = await startRawServer([
    ...(Array.isArray(open) ? (open as RawExchange[]) : [open as RawExchange]),
    ...answers,
  ]);
  const outcome = await readOnce(server, read, options);
  // Rejects where a request came that was not expected, or one did not come.
  await server.close();
  expect(originsInUse()).toBe(0);
  return outcome;
}

async function readOnce(
  server: RawServer,
  read: readonly [number, number],
  options: OpenOptions,
): Promise<string> {
  let source: PlannedSource | undefined;
  try {
    source = await openSource(`${server.url}/file`, { ...quick, ...options });
    const bytes = await source.read([...read]);
    expectSameBytes(bytes, file.slice(...read));
    return "bytes";
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined) throw error;
    return code;
  } finally {
    await source?.close();
  }
}

/** What the error of a session carries. */
export async function failure(scenario: Scenario): Promise<Record<string, unknown>> {
  const { open = opening, answers = [], read = [100, 110], options = {} } = scenario;
  const server = await startRawServer([
    ...(Array.isArray(open) ? (open as RawExchange[]) : [open as RawExchange]),
    ...answers,
  ]);
  try {
    const source = await openSource(`${server.url}/file`, { ...quick, ...options });
    try {
      await source.read([...read]);
    } finally {
      await source.close();
    }
    return {};
  } catch (error) {
    const {
      code,
      retryable,
      status: got,
      attempts,
      message,
      size,
      cause,
      retryAfterMs,
    } = error as Record<string, unknown>;
    return { code, retryable, status: got, attempts, message, size, cause, retryAfterMs };
  } finally {
    await server.close();
  }
}

/** Waits until something holds, at most two seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400 && !holds(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}
