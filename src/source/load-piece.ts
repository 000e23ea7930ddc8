import { RangeStreamsError } from "../errors.ts";
import { type TimeLimit, withTimeout } from "./timeout.ts";

/** A part of this package that a page may load late: here already, or on its way. */
export type Piece<T> = T | Promise<T>;

/**
 * Loads a part of this package that most visits have no need of, or not before their first request. Bundlers make a file of its own
 * of what `load` imports. What failed is asked for anew by the next call.
 *
 * @throws NETWORK, retryable, where it cannot be loaded.
 */
export async function loadPiece<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const message =
      "Asked for a file of the page's own program, a part of range-streams: got none; try again when online";
    throw new RangeStreamsError("NETWORK", message, { retryable: true, cause });
  }
}

/** Waits for a piece as a part of some call, whose signal and time end the wait. */
export function pieceWithin<T>(piece: Piece<T>, limit: Omit<TimeLimit, "phase">): Piece<T> {
  return piece instanceof Promise ? withTimeout(piece, { ...limit, phase: "total" }) : piece;
}
