import { type ErrorCode, isRangeStreamsError } from "../errors.ts";

// A contract suite runs under any test framework or none, so it brings its own assertions.

/** @throws Error with `message` unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** @throws Error telling the first difference, unless `actual` holds exactly `expected`. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert(actual instanceof Uint8Array, `${what}: expected a Uint8Array and got ${describe(actual)}`);
  const length = `${what}: expected ${expected.length} bytes and got ${actual.length}`;
  assert(actual.length === expected.length, length);
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  assert(at === -1, `${what}: the byte at ${at} is ${actual[at]} and should be ${expected[at]}`);
}

/** @throws Error unless `promise` rejects with an error of that code. */
export async function assertRejects(promise: Promise<unknown>, code: ErrorCode, what: string): Promise<void> {
  const error = await rejectionOf(promise, `${what}: expected ${code}`);
  assert(isRangeStreamsError(error, code), `${what}: expected ${code} and got ${describe(error)}`);
}

/** @throws Error unless `promise` rejects with `reason` itself. */
export async function assertRejectsWith(
  promise: Promise<unknown>,
  reason: unknown,
  what: string,
): Promise<void> {
  const error = await rejectionOf(promise, `${what}: expected the signal's reason itself`);
  assert(error === reason, `${what}: expected the signal's reason itself and got ${describe(error)}`);
}

async function rejectionOf(promise: Promise<unknown>, expectation: string): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`${expectation} and got ${describe(value)}`);
}

/** A value in a message. */
export function describe(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isRangeStreamsError(value)) return `${value.code} (${value.message})`;
  return String(value);
}
