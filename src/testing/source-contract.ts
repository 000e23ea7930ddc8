import { RangeStreamsError } from "../errors.ts";
import type { Source } from "../source/source.ts";
import { abortCases } from "./contract-abort-cases.ts";
import { closeCases } from "./contract-close-cases.ts";
import { readCases } from "./contract-read-cases.ts";
import { streamCases } from "./contract-stream-cases.ts";
import type { SourceCaseOptions } from "./source-case.ts";

/** One promise of a contract: `run` resolves where it is kept and rejects with what was seen where it is not. */
export interface ContractCase {
  /** A sentence. */
  readonly name: string;
  /** Resolves where the promise is kept, and rejects with what was seen where it is not. */
  run(): Promise<void>;
}

/** What {@link sourceContract} needs to know of the Source under test. */
export interface SourceContractOptions extends SourceCaseOptions {
  /** A fresh Source of `bytes`; every case opens its own and closes it. */
  open(): Promise<Source>;
  /** Milliseconds after which a case that hangs fails. Default 10,000. */
  timeoutMs?: number;
}

const MIN_BYTES = 64;

/**
 * The contract of {@link Source} as a list of cases, for any test framework:
 * `for (const { name, run } of sourceContract({ open, bytes })) test(name, run)`.
 *
 * @throws INVALID_ARGUMENT where `bytes` is too short for the cases to mean anything.
 */
export function sourceContract(options: SourceContractOptions): ContractCase[] {
  const { bytes, backPressure, timeoutMs = 10_000 } = options;
  const least = Math.max(MIN_BYTES, (backPressure?.maxUnreadBytes ?? 0) + 1);
  if (bytes.length < least) {
    throw new RangeStreamsError(
      "INVALID_ARGUMENT",
      `Asked for the contract of a Source of ${bytes.length} bytes, on which a broken one could pass; give at least ${least}`,
    );
  }
  const cases = [readCases, streamCases, abortCases, closeCases].flatMap((casesOf) => casesOf(options));
  return cases.map(({ name, check }) => ({
    name,
    run: () => within(timeoutMs, () => withSource(options, check)),
  }));
}

async function withSource(
  { open }: SourceContractOptions,
  check: (source: Source) => Promise<void>,
): Promise<void> {
  const source = await open();
  try {
    await check(source);
  } finally {
    await source.close();
  }
}

async function within(timeoutMs: number, work: () => Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came of it within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
