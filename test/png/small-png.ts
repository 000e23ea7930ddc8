import { openPng, type PngOptions } from "../../src/png.ts";
import { buildPng, type ChunkSpec, type ImageSpec, noise } from "./build-png.ts";

/** Noise of that many bits a channel, the same for each pixel every time. */
export const samplesOf = (bitDepth: number) => (x: number, y: number) =>
  [0, 1, 2, 3].map((channel) => noise(x, y, channel) & (2 ** bitDepth - 1));

/** The code of the error that something fails with. */
export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "no error",
    (error: { code?: unknown }) => error.code ?? error,
  );

/** The code of the error of opening or decoding. */
export const decodeCode = (bytes: Uint8Array, options?: PngOptions): Promise<unknown> =>
  codeOf(openPng(bytes, options).then((png) => png.pixels()));

export const SMALL: ImageSpec = { width: 4, height: 3, sample: samplesOf(8) };
export const palette = (entries: number): ChunkSpec => ({
  type: "PLTE",
  data: new Uint8Array(entries * 3).fill(9),
});
/** A small PNG with these chunks before its image data, and those after it. */
export const small = (
  before: ChunkSpec[],
  after: ChunkSpec[] = [],
  more: Partial<ImageSpec> = {},
): Uint8Array => buildPng({ ...SMALL, ...more, before, after });
