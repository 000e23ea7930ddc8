/** Where a command writes to. */
export interface Output {
  /** Standard output. Resolves when there is room for more; rejects with the signal's reason when nobody reads any longer. */
  write(data: string | Uint8Array): Promise<void>;
  /** Standard error: a line, its end added. */
  note(line: string): void;
  /** A line on the terminal that the next one replaces; an empty one takes it away. Undefined where there is no terminal. */
  readonly progress?: ((line: string) => void) | undefined;
}

/** What every command gets. */
export interface CommandContext {
  readonly output: Output;
  /** Aborts on Ctrl-C and when the reader of the output has left. */
  readonly signal: AbortSignal;
}

/** Writes a stream out, chunk by chunk, no faster than it is read. */
export async function writeStream(stream: ReadableStream<Uint8Array>, output: Output): Promise<void> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read())
      await output.write(next.value);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
