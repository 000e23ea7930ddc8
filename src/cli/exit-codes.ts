import { type ErrorCode, isRangeStreamsError } from "../index.ts";

/** Exit codes that stand for no error code of the package. */
export const EXIT = { success: 0, unexpected: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** What the command exits with, by the family of the error. `range-streams --help` lists them. */
export const EXIT_BY_CODE: Readonly<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 2,
  INVALID_RANGE: 2,
  NO_ACTIVE_RANGE: 2,
  OVERLAP: 2,
  NOT_FOUND: 3,
  AUTH: 4,
  BLOCKED_ADDRESS: 4,
  NETWORK: 5,
  TIMEOUT: 5,
  HTTP_STATUS: 5,
  RATE_LIMITED: 5,
  REDIRECT: 5,
  CLOSED: 5,
  RANGE_IGNORED: 6,
  RANGE_MISMATCH: 6,
  BAD_RESPONSE: 6,
  SHORT_BODY: 6,
  ENCODED: 6,
  NO_IDENTITY: 6,
  UNKNOWN_SIZE: 6,
  CHANGED: 7,
  OUT_OF_BOUNDS: 8,
  FORMAT: 9,
  AMBIGUOUS: 9,
  CHECKSUM: 9,
  UNSAFE_PATH: 9,
  EXISTS: 12,
  LIMIT: 10,
  UNSUPPORTED: 11,
};

/** What each family means, for the help text. */
export const EXIT_MEANINGS: ReadonlyMap<number, string> = new Map([
  [0, "done (also when the reader of the output left early)"],
  [1, "an unexpected error, perhaps of this program"],
  [2, "the arguments make no sense"],
  [3, "no such file, or no such member"],
  [4, "not allowed"],
  [5, "the network or the server failed"],
  [6, "the server does not serve ranges, or wrongly"],
  [7, "the file changed meanwhile"],
  [8, "a position outside the file"],
  [9, "the archive is damaged or deceives"],
  [10, "a limit was reached"],
  [11, "not supported"],
  [12, "something is there already where it would write"],
  [130, "interrupted (Ctrl-C)"],
  [143, "terminated"],
]);

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  return isRangeStreamsError(error) ? EXIT_BY_CODE[error.code] : EXIT.unexpected;
}
