import { type OpenOptions, RangeStreamsError } from "../index.ts";
import { diskStore } from "../node.ts";
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
}

/** Options of opening that {@link parseSourceOptions} gives; those left out are the package's defaults. */
export interface ParsedSourceOptions extends Pick<OpenOptions, "policy" | "cache" | "onEvent"> {
  maxBytes?: number;
}

/**
 * What is opened with. A store that fails costs no read; it is told of in a line on standard error.
 *
 * @throws INVALID_ARGUMENT for a number of bytes or a directory that is none.
 */
export function parseSourceOptions(options: SourceOptions, { output }: CommandContext): ParsedSourceOptions {
  const { policy, maxBytes, cache } = options;
  const parsed: ParsedSourceOptions = {};
  if (policy !== undefined) parsed.policy = policy;
  if (maxBytes !== undefined) parsed.maxBytes = parseByteCount(maxBytes);
  if (cache === "none") parsed.cache = false;
  else if (cache !== undefined) {
    parsed.cache = { store: diskStore(cache) };
    parsed.onEvent = (event) => {
      if (event.type === "warning") output.note(`range-streams: warning: ${escapeText(event.message)}`);
    };
  }
  return parsed;
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
