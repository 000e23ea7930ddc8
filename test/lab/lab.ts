import { inject } from "vitest";
import type { RequestRecord } from "../../src/testing/exchange.ts";
import type { WireFile, WireLab, WireOptions } from "./lab-protocol.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the lab's control server listens. */
    labUrl: string;
  }
}

/** A file of a lab: bytes, text, `patternBytes(pattern, seed)` made on the server's side, or one of them with facts. */
type LabFile = LabContent | (LabFacts & { bytes: LabContent });
type LabContent = Uint8Array | string | { pattern: number; seed?: number };
type LabFacts = Omit<WireFile, "content">;

/** Options of {@link startLab}: those of `startRangeServer` that JSON can carry; misbehaviours by name or rule. */
export interface LabOptions extends Omit<WireOptions, "files"> {
  files: Record<string, LabFile>;
}

/** A range server in the test runner's process, for tests that run in Node and in a browser alike. */
export interface Lab extends AsyncDisposable {
  /** Without a slash at the end: the file `name` is at `${url}/name`. */
  readonly url: string;
  /** What was asked so far, preflights included. */
  requests(): Promise<RequestRecord[]>;
  /** Connections open now, most at a time, opened so far. */
  connections(): Promise<{ open: number; peak: number; total: number }>;
  replace(name: string, file: LabFile): Promise<void>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts a range server for one test; `await using` it, or `close()` it. What is left is closed at teardown. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const files: Record<string, WireFile> = {};
  for (const [name, file] of Object.entries(options.files)) files[name] = toWire(file);
  const { id, url } = await control<WireLab>("POST", "/labs", { ...options, files });
  const close = () => control<void>("DELETE", `/labs/${id}`);
  return {
    url,
    requests: () => control("GET", `/labs/${id}/requests`),
    connections: () => control("GET", `/labs/${id}/connections`),
    replace: (name, file) => control("PUT", `/labs/${id}/files/${encodeURIComponent(name)}`, toWire(file)),
    remove: (name) => control("DELETE", `/labs/${id}/files/${encodeURIComponent(name)}`),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function control<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(inject("labUrl") + path, {
    method,
    cache: "no-store",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The lab answered ${response.status} to ${method} ${path}: ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function toWire(file: LabFile): WireFile {
  if (typeof file === "string") return { content: { text: file } };
  if (file instanceof Uint8Array) return { content: { base64: toBase64(file) } };
  if ("pattern" in file) return { content: { pattern: file.pattern, seed: file.seed ?? 0 } };
  const { bytes, ...facts } = file;
  return { ...toWire(bytes), ...facts };
}

function toBase64(bytes: Uint8Array): string {
  let latin = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    latin += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(latin);
}
