import { RangeStream, type RangeStreamOptions } from "../../src/index.ts";
import { type Lab, startLab } from "../lab/lab.ts";

/** The file of the original's tests: a letter, the numbers 0 to 8, a letter. */
export const file: Uint8Array<ArrayBuffer> = Uint8Array.of(0x50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x4b);

/** How the tests of the original reach its file. */
export interface Opened extends AsyncDisposable {
  /** What it opens is closed with it. */
  open(options?: RangeStreamOptions): Promise<RangeStream>;
  readonly mode: "ranges" | "single";
  /** How a stream and its handles end where they print themselves. */
  readonly label: string;
  /** The Range fields sent so far; undefined where nothing is sent at all. */
  sent(): Promise<(string | undefined)[]> | undefined;
}

/** A way to reach the file, opened anew for each test. */
export interface Opener {
  readonly name: string;
  readonly mode: Opened["mode"];
  start(): Promise<Opened>;
}

function inMemory(mode: Opened["mode"]): Opener {
  const start = async (): Promise<Opened> => {
    const { open, close } = opening(file, mode);
    const label = "'11 bytes in memory'";
    return { open, mode, label, sent: () => undefined, [Symbol.asyncDispose]: close };
  };
  return { name: "in memory", mode, start };
}

function overHttp(mode: Opened["mode"]): Opener {
  const start = async (): Promise<Opened> => {
    // What a browser's own cache would answer is no request that could be counted.
    const uncached = { bytes: file, headers: { "Cache-Control": "no-store" } };
    const lab = await startLab({ files: { "example_text_file.txt": uncached } });
    const { open, close } = opening(`${lab.url}/example_text_file.txt`, mode);
    const label = `'example_text_file.txt' from ${new URL(lab.url).host}`;
    const closeAll = async (): Promise<void> => {
      await close();
      await lab.close();
    };
    return { open, mode, label, sent: () => rangesSent(lab), [Symbol.asyncDispose]: closeAll };
  };
  return { name: "over HTTP", mode, start };
}

function opening(
  input: string | Uint8Array,
  mode: Opened["mode"],
): { open: Opened["open"]; close(): Promise<void> } {
  const streams: RangeStream[] = [];
  const open: Opened["open"] = async (options) => {
    const stream = await RangeStream.open(input, { mode, ...options });
    streams.push(stream);
    return stream;
  };
  const close = async (): Promise<void> => {
    for (const stream of streams) await stream.close();
  };
  return { open, close };
}

/** Preflights of a browser aside. */
async function rangesSent(lab: Lab): Promise<(string | undefined)[]> {
  return (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);
}

export const openers: readonly Opener[] = [
  inMemory("ranges"),
  overHttp("ranges"),
  inMemory("single"),
  overHttp("single"),
];
