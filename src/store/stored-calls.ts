import type { BlockStore, Bytes } from "../source/source.ts";

/**
 * How long a store may take before the answer counts as a failure. A value that takes longer than several round trips of a slow
 * network is not worth waiting for. *Unmeasured*.
 */
const PATIENCE_MS = 500;
/** A write keeps nobody waiting, so it may take longer. *Unmeasured*. */
const WRITE_PATIENCE_MS = 5000;
/** Failures on end after which the store is left alone. *Unmeasured*. */
const MAX_FAILURES = 3;

/** One kind of call, and how often it failed on end. */
interface Side {
  readonly does: string;
  readonly patienceMs: number;
  /** Somebody waits for the answer, so the process must not end before it. */
  readonly awaited: boolean;
  failures: number;
}

/** What {@link StoreCalls} is told. */
export interface StoreCallsOptions {
  readonly store: BlockStore;
  /** For the warning; without secrets. */
  readonly name: string;
  /** Called once at most, when the store is given up. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Calls of a store that anybody may have written: nothing of it ever throws or hangs. After a few failures on end that side of the
 * store is left alone for good.
 */
export class StoreCalls {
  readonly #options: StoreCallsOptions;
  readonly #reading: Side = { does: "give", patienceMs: PATIENCE_MS, awaited: true, failures: 0 };
  readonly #writing: Side = { does: "keep", patienceMs: WRITE_PATIENCE_MS, awaited: false, failures: 0 };
  #warned = false;

  constructor(options: StoreCallsOptions) {
    this.#options = options;
  }

  /** It makes no sense to read any more. */
  get readsGivenUp(): boolean {
    return this.#reading.failures >= MAX_FAILURES;
  }

  /** It makes no sense to write any more; what cannot be read back is not written either. */
  get writesGivenUp(): boolean {
    return this.readsGivenUp || this.#writing.failures >= MAX_FAILURES;
  }

  /** What the store has, unchecked; undefined where it has nothing or failed. */
  async get(key: string): Promise<unknown> {
    if (this.readsGivenUp) return undefined;
    return this.#attempt(this.#reading, () => this.#options.store.get(key));
  }

  async set(key: string, value: Bytes): Promise<void> {
    if (this.writesGivenUp) return;
    await this.#attempt(this.#writing, () => this.#options.store.set(key, value));
  }

  /** Nobody waits for it, and nobody depends on it. */
  delete(key: string): void {
    const side: Side = { does: "forget", patienceMs: WRITE_PATIENCE_MS, awaited: false, failures: 0 };
    this.#attempt(side, () => this.#options.store.delete(key)).catch(() => undefined);
  }

  async #attempt(side: Side, work: () => unknown): Promise<unknown> {
    const before = side.failures;
    try {
      const answer = await within(side, work);
      if (side.failures < MAX_FAILURES) side.failures = 0;
      return answer;
    } catch (cause) {
      // Calls that were on their way together fail together: that is one failure.
      if (side.failures === before) side.failures++;
      if (side.failures >= MAX_FAILURES) this.#warn(side, cause);
      return undefined;
    }
  }

  #warn({ does, failures }: Side, cause: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const asked = `Asked the block store to ${does} bytes of ${this.#options.name}`;
    const got = `it failed ${failures} times on end (${cause instanceof Error ? cause.message : String(cause)})`;
    try {
      this.#options.onWarning?.(`${asked}: ${got}; reads go on without it, see to its space and permissions`);
    } catch {
      // A listener's trouble is not the reader's.
    }
  }
}

async function within({ patienceMs, awaited }: Side, work: () => unknown): Promise<unknown> {
  const answer = work();
  if (!isThenable(answer)) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const wait = (ms: number, then: () => void): void => {
      timer = setTimeout(then, ms);
      if (!awaited) doNotHoldProcess(timer);
    };
    const giveUp = (): void => reject(new Error(`no answer within ${patienceMs} ms`));
    // Two timers in a row: where the event loop stood still, the answer that lies ready is taken before the second.
    wait(patienceMs * 0.9, () => wait(patienceMs * 0.1, giveUp));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** Node's timers keep a process alive unless told otherwise; a browser's are plain numbers. */
export function doNotHoldProcess(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === "object") timer.unref();
}
