import {
  isRangeStreamsError,
  type OpenOptions,
  openSource,
  type PlannedSource,
  RangeStream,
  type RangeStreamOptions,
  RangeStreamsError,
  type Source,
} from "../index.ts";
import { openFileSource } from "../node.ts";
import { hideSecrets } from "./hide-secrets.ts";

/** A source and what closes all that was opened for it. */
export interface OpenedInput extends AsyncDisposable {
  readonly source: PlannedSource;
  /** A local file, not a URL. */
  readonly local: boolean;
}

/**
 * Opens what was named on the command line: an http(s) URL, else the path of a local file.
 *
 * @throws INVALID_ARGUMENT for a URL of another scheme, and whatever opening throws.
 */
export async function openInput(input: string, options: OpenOptions): Promise<OpenedInput> {
  const target = await resolveInput(input);
  const source = await closingOnError(target, openSource(target, options));
  const close = async (): Promise<void> => {
    await source.close();
    await closeTarget(target);
  };
  return { source, local: typeof target !== "string", [Symbol.asyncDispose]: close };
}

/** A stream whose first range is what was asked for, and what closes all that was opened for it. */
export interface OpenedStream extends AsyncDisposable {
  readonly stream: RangeStream;
}

/**
 * Opens exactly one range of an input, in one request.
 *
 * @throws OUT_OF_BOUNDS for a range outside the file, and whatever {@link openInput} throws.
 */
export async function openRange(input: string, options: RangeStreamOptions): Promise<OpenedStream> {
  const target = await resolveInput(input);
  const stream = await closingOnError(target, RangeStream.open(target, options));
  const close = async (): Promise<void> => {
    await stream.close();
    await closeTarget(target);
  };
  return { stream, [Symbol.asyncDispose]: close };
}

/**
 * What an input names: a URL, or a local file, which {@link closeTarget} closes.
 *
 * @throws INVALID_ARGUMENT for another scheme; NOT_FOUND, AUTH, UNSUPPORTED for what is no file to read.
 */
export async function resolveInput(input: string): Promise<string | Source> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(input)?.[1]?.toLowerCase();
  if (scheme === "http" || scheme === "https") return input;
  if (scheme === undefined) return openPath(input);
  if (scheme === "file" && URL.canParse(input)) return openFileSource(new URL(input));
  const message = `Asked to open a ${scheme}: URL: that is not read here; give an http(s) URL or a path`;
  throw new RangeStreamsError("INVALID_ARGUMENT", message);
}

/** What is no file may be a mistyped URL: then nothing secret of it is told. */
async function openPath(path: string): Promise<Source> {
  try {
    return await openFileSource(path);
  } catch (error) {
    const shown = hideSecrets(path);
    if (!isRangeStreamsError(error) || shown === path) throw error;
    // Without its cause, which tells the path too.
    throw new RangeStreamsError(error.code, error.message.replaceAll(path, shown));
  }
}

/** Closes the target where opening it fails. */
export async function closingOnError<T>(target: string | Source, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await closeTarget(target);
    throw error;
  }
}

/** Closes a local file. */
export async function closeTarget(target: string | Source): Promise<void> {
  if (typeof target !== "string") await target.close();
}
