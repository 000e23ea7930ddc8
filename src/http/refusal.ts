import { type ErrorCode, HttpError } from "../errors.ts";
import { describeAsk, type ListAsk, type RangeAsk } from "./range-header.ts";

/** What was asked of whom, for messages. */
export interface Asked {
  /** Secrets removed. */
  readonly url: string;
  readonly ask: RangeAsk | ListAsk;
}

/** Why a response is not taken. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What came back. */
  readonly got: string;
  /** What to do about it. */
  readonly advice: string;
  readonly retryable?: boolean;
}

/** Builds the error for one exchange in its three parts: what was asked, what came back, what to do. */
export function refuse(expected: Asked, status: number | undefined, refusal: Refusal): HttpError {
  const { code, got, advice, retryable } = refusal;
  const range = expected.ask.kind === "span" ? expected.ask.range : undefined;
  const message = `GET ${expected.url} (${describeAsk(expected.ask)}): got ${got}; ${advice}`;
  return new HttpError(code, message, { url: expected.url, range, status, retryable: retryable ?? false });
}

/** The file is no longer the one that was opened. */
export function changed(expected: Asked, status: number | undefined, got: string): HttpError {
  return refuse(expected, status, {
    code: "CHANGED",
    got,
    advice: "the file changed since it was opened; open it again",
  });
}
