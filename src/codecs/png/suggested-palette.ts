import type { Bytes } from "../../source/source.ts";
import { takeKeyword } from "./chunk-text.ts";
import { brokenPng } from "./png-format.ts";

/** Colours for a display that cannot show all of an image's (sPLT, 11.3.4.4), the most used first. */
export interface PngSuggestedPalette {
  /** What the file calls it. Untrusted. */
  readonly name: string;
  readonly bitDepth: 8 | 16;
  /** Red, green, blue and alpha of each entry, one after the other. */
  readonly colors: Uint16Array<ArrayBuffer>;
  /** About how often each is used; all 0 where nobody counted. */
  readonly frequencies: Uint16Array<ArrayBuffer>;
}

const CHANNELS = 4;

/** @throws FORMAT for one without its name, of a depth that there is not, or cut short. */
export function parseSuggestedPalette(data: Bytes, file: string): PngSuggestedPalette {
  const what = `a suggested palette of ${file}`;
  const { keyword, rest } = takeKeyword(data, what);
  const [bitDepth] = rest;
  if (bitDepth !== 8 && bitDepth !== 16) throw brokenPng(what, `a depth of ${bitDepth}`);
  const sampleBytes = bitDepth / 8;
  const entryBytes = CHANNELS * sampleBytes + 2;
  const view = new DataView(rest.buffer, rest.byteOffset + 1, rest.byteLength - 1);
  if (view.byteLength % entryBytes !== 0) throw brokenPng(what, `${view.byteLength} bytes of colors`);
  const entries = view.byteLength / entryBytes;
  const colors = new Uint16Array(entries * CHANNELS);
  const frequencies = new Uint16Array(entries);
  for (let entry = 0, at = 0; entry < entries; entry++) {
    for (let channel = 0; channel < CHANNELS; channel++, at += sampleBytes) {
      colors[entry * CHANNELS + channel] = bitDepth === 8 ? view.getUint8(at) : view.getUint16(at);
    }
    frequencies[entry] = view.getUint16(at);
    at += 2;
  }
  return { name: keyword, bitDepth, colors, frequencies };
}
