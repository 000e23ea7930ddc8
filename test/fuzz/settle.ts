import { type ErrorCode, isRangeStreamsError } from "../../src/errors.ts";

/** What a call came to: a value, or the code of a typed error. */
export type Outcome<T> = { readonly value: T; readonly code?: undefined } | { readonly code: ErrorCode };

/**
 * What a damaged file may be answered with. OUT_OF_BOUNDS or INVALID_RANGE, say, would mean that a number of the file was taken for a
 * position and asked for unchecked.
 */
const HONEST: readonly ErrorCode[] = ["FORMAT", "AMBIGUOUS", "LIMIT", "CHECKSUM", "UNSUPPORTED"];

/** The value, or the code of an error that a damaged file may be answered with; anything else is thrown on. */
export async function settle<T>(
  promise: Promise<T>,
  alsoHonest: readonly ErrorCode[] = [],
): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (isRangeStreamsError(error, ...HONEST, ...alsoHonest)) return { code: error.code };
    throw error;
  }
}

/** @throws Error for what must not be. */
export function insist(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
