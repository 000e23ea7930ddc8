/** Runs tasks, so many at a time. The first failure ends it: the next call rejects with it. */
export class TaskPool {
  readonly #running = new Set<Promise<void>>();
  readonly #limit: number;
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins a task, as soon as there is room for it. @throws what an earlier task threw. */
  async begin(task: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    this.#check();
    const running = task()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits for all of them. @throws what the first that failed threw. */
  async end(): Promise<void> {
    await this.settle();
    this.#check();
  }

  /** Waits for all of them, however they end. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
