import { type OpenOptions, RangeStreamsError } from "../index.ts";
import { diskStore, environmentProxy } from "../node.ts";
import { escapeText } from "./escape-text.ts";
import type { CommandContext } from "./output.ts";

/** The values of `--policy`. */
export const POLICIES = ["fast", "balanced", "lean"] as const;

/** What the options of every command that reads say about how to read, as text. */
export interface SourceOptions {
  policy?: (typeof POLICIES)[number] | undefined;
  /** Bytes that may be received in all: `N`, `NK`, `NM` or `NG`. */
  maxBytes?: string | undefined;
  /** A directory to keep what was read in, or `none` to keep nothing, not even in memory. */
  cache?: string | undefined;
  /** Lines as curl takes them: `Name: value`. They go to the origin of the URL alone. */
  header?: readonly string[] | undefined;
  /** No progress, no warnings and no word of what was done; errors are told, and what was asked for is written. */
  quiet?: boolean | undefined;
}

/** Options of opening that {@link parseSourceOptions} gives; those left out are the package's defaults. */
export interface ParsedSourceOptions
  extends Pick<OpenOptions, "policy" | "cache" | "headers" | "onEvent" | "proxy"> {
  maxBytes?: number;
}

/**
 * What is opened with. A store that fails costs no read; it is told of in a line on standard error.
 *
 * @throws INVALID_ARGUMENT for a number of bytes, a directory or a header that is none.
 */
export function parseSourceOptions(options: SourceOptions, { output }: CommandContext): ParsedSourceOptions {
  const { policy, maxBytes, cache, header, quiet } = options;
  const parsed: ParsedSourceOptions = { proxy: environmentProxy };
  if (header !== undefined) parsed.headers = header.map(parseHeader);
  if (policy !== undefined) parsed.policy = policy;
  if (maxBytes !== undefined) parsed.maxBytes = parseByteCount(maxBytes);
  if (cache === "none") parsed.cache = false;
  else if (cache !== undefined) {
    parsed.cache = { store: diskStore(cache) };
    parsed.onEvent = (event) => {
      if (event.type === "warning" && !quiet)
        output.note(`range-streams: warning: ${escapeText(event.message)}`);
    };
  }
  return parsed;
}

/** Gathers an option that may be given several times. */
export function collectOption(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** `Name: value`, as curl takes it. @throws INVALID_ARGUMENT for a line without a colon. */
export function parseHeader(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  if (colon > 0) return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  // Not echoed: it may be a credential.
  throw new RangeStreamsError(
    "INVALID_ARGUMENT",
    "Asked to send a --header without a colon; write 'Name: value'",
  );
}

/** Powers of 1,024, as in `head -c` and curl. */
const UNIT_BYTES: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function parseByteCount(text: string): number {
  const [, digits, unit = ""] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  const count = Number(digits) * (UNIT_BYTES[unit.toUpperCase()] ?? Number.NaN);
  if (Number.isSafeInteger(count)) return count;
  throw new RangeStreamsError(
    "INVALID_ARGUMENT",
    `Asked for --max-bytes ${text}: got no number of bytes; write digits, and K, M or G for powers of 1,024`,
  );
}
