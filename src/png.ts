export type {
  PngAnimation,
  PngBackground,
  PngChromaticities,
  PngCodePoints,
  PngContentLight,
  PngMasteringDisplay,
  PngPhysical,
  PngRenderingIntent,
} from "./codecs/png/chunk-fields.ts";
export type { PngText } from "./codecs/png/chunk-text.ts";
export type { PngPixels } from "./codecs/png/decode-pixels.ts";
export { openPng, type PngOptions } from "./codecs/png/open-png.ts";
export type { PngChunk, PngFile, PngLimits, PngProfile } from "./codecs/png/png-file.ts";
export type { PngHeader } from "./codecs/png/png-format.ts";
export type { PngSuggestedPalette } from "./codecs/png/suggested-palette.ts";
