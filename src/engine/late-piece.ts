import { RangeStreamsError } from "../errors.ts";

/**
 * What loads a part of this package that a page has no need of before its first request. Bundlers make a file of its own of what
 * `load` imports. It is loaded once; what failed is asked for anew by the next call.
 *
 * The function it gives throws NETWORK, retryable, where the file cannot be loaded.
 */
export function latePiece<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  let failures = 0;
  const begin = async (): Promise<T> => {
    try {
      // Chromium asks no second time for a module that once failed, as the HTML standard's module map has it.
      return await load().catch((cause) =>
        failures === 0 ? Promise.reject(cause) : loadAnew(cause, failures),
      );
    } catch (cause) {
      loading = undefined;
      failures++;
      const message =
        "Asked for a file of the page's own program, a part of range-streams: got none; try again when online";
      throw new RangeStreamsError("NETWORK", message, { retryable: true, cause });
    }
  };
  return () => {
    loading ??= begin();
    return loading;
  };
}

/**
 * Loads a module under another name for the same address, which the browser names in its error; where it does not, it did ask
 * again. Other modules that it imports are those that are there.
 */
async function loadAnew<T>(cause: unknown, failures: number): Promise<T> {
  const [address] = /\bhttps?:\/\/\S+/.exec(cause instanceof TypeError ? cause.message : "") ?? [];
  if (address === undefined) throw cause;
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ `${address}#${failures}`)) as T;
}
