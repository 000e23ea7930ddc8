import { type Identity, Range, RangeSet } from "../../index.ts";

/** Which file a download is of: all that must be the same for it to go on. */
export interface DownloadFacts {
  /** Without secrets. */
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  readonly identity: Identity;
}

/** A span of the `.part` file that came verified and was written, half-open, and the SHA-256 of it, in hexadecimal. */
export interface WrittenSpan {
  readonly start: number;
  readonly end: number;
  readonly sha256: string;
}

/** What the notes beside a `.part` file say. */
export interface Journal {
  readonly facts: DownloadFacts;
  readonly spans: readonly WrittenSpan[];
}

/** Of this layout: a line of JSON for the file, then one for each span, in the order in which they were written. */
const VERSION = 1;
/** A note of 100 bytes for each MiB: enough for a file of 600 GB. */
export const MAX_JOURNAL_BYTES: number = 64 * 1024 * 1024;

/** The first line. */
export function formatFacts({ url, size, identity }: DownloadFacts): string {
  return `${JSON.stringify({ version: VERSION, url, size, identity })}\n`;
}

/** The line of a span. */
export function formatSpan({ start, end, sha256 }: WrittenSpan): string {
  return `${JSON.stringify({ start, end, sha256 })}\n`;
}

/** What notes say; text that says why, where they cannot be believed. A last line that a killed process left unfinished is left out. */
export function parseJournal(text: string): Journal | string {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  lines.pop();
  const [first = "", ...rest] = lines;
  const facts = parseFacts(first);
  if (facts === undefined) return "its notes are damaged";
  const spans = rest.map((line) => parseSpan(line));
  const known = spans.filter((span) => span !== undefined);
  if (known.length < spans.length) return "its notes are damaged";
  if (known.some(({ end }) => end > facts.size)) return "its notes tell of more bytes than the file has";
  const covered = new RangeSet(known.map(({ start, end }) => new Range(start, end)));
  const total = known.reduce((sum, { start, end }) => sum + end - start, 0);
  return covered.byteLength === total ? { facts, spans: known } : "its notes contradict each other";
}

function parseFacts(line: string): DownloadFacts | undefined {
  const found = parseObject(line);
  const { version, url, size, identity } = found;
  if (version !== VERSION || typeof url !== "string" || !isPosition(size)) return undefined;
  if (typeof identity !== "object" || identity === null) return undefined;
  const { strength, etag, lastModified } = identity as Record<string, unknown>;
  if (strength !== "strong" && strength !== "weak" && strength !== "none") return undefined;
  if (!isOptionalText(etag) || !isOptionalText(lastModified)) return undefined;
  return { url, size, identity: { strength, etag, lastModified } };
}

function parseSpan(line: string): WrittenSpan | undefined {
  const { start, end, sha256 } = parseObject(line);
  if (!isPosition(start) || !isPosition(end) || start >= end) return undefined;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  return { start, end, sha256 };
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}

/** What signs a URL for a time, beyond what is secret: the same file has other values tomorrow. */
const SIGNING = /^(?:x-(?:amz|goog|oss)-.*|expires|ossaccesskeyid|s[tvrp]|spr|sk[etv])$/i;

/** Whether two names are of one file, signed anew or not. */
export function isSameUrl(one: string, other: string): boolean {
  return withoutSigning(one) === withoutSigning(other);
}

function withoutSigning(name: string): string {
  if (!URL.canParse(name)) return name;
  const url = new URL(name);
  for (const key of [...url.searchParams.keys()]) if (SIGNING.test(key)) url.searchParams.delete(key);
  return url.href;
}

/** Whether a server has anything by which it can be told, later, that the file is still the same. */
export function isProvable({ etag, lastModified }: Identity): boolean {
  return etag !== undefined || lastModified !== undefined;
}

/** Whether two answers are of one version of a file: by the strong ETag, else by all that there is. */
export function isSameVersion(one: DownloadFacts, other: DownloadFacts): boolean {
  if (one.size !== other.size || one.identity.etag !== other.identity.etag) return false;
  if (one.identity.strength === "strong" && other.identity.strength === "strong") return true;
  return one.identity.lastModified === other.identity.lastModified;
}
