/**
 * What is measured: a file of `files/files.mjs`, and what a contender does with it. `gives` says whether names and sizes (`list`) or
 * bytes (`content`) are compared. `wire` workloads are also played over a link, from a URL, or there
 * alone.
 */
export const workloads = {
  "zip-list-10k": { file: "many.zip", task: "listZip", gives: "list", wire: true, title: "zip: list 10,000" },
  "zip-read-10": { file: "thousand-10.zip", task: "readZip", wire: true, title: "zip: 10 of 1,000 members" },
  "zip-read-large": { file: "large-10.zip", task: "readZip", wire: "only", title: "zip: 10 of 1,000, 40 MB" },
  "zip-read-1000": { file: "thousand.zip", task: "readZip", wire: true, title: "zip: all of 1,000 members" },
  "zip-deflated": { file: "deflated.zip", task: "readZip", wire: true, title: "zip: deflated 50 MB, in one" },
  "zip-deflated-stream": {
    file: "deflated.zip",
    task: "streamZip",
    title: "zip: deflated 50 MB, as a stream",
  },
  "zip-stored": { file: "stored.zip", task: "readZip", title: "zip: stored 50 MB, in one" },
  "zip-stored-stream": { file: "stored.zip", task: "streamZip", title: "zip: stored 50 MB, as a stream" },
  "tar-list-10k": { file: "many.tar", task: "listTar", gives: "list", wire: true, title: "tar: list 10,000" },
  "tar-read-1000": { file: "thousand.tar", task: "readTar", wire: true, title: "tar: all of 1,000 members" },
  "inflate-text": { file: "text.deflate", task: "inflate", title: "inflate 50 MB of text" },
  "inflate-codes": { file: "codes.deflate", task: "inflate", title: "inflate 50 MB without matches" },
  "inflate-stream": {
    file: "text.deflate",
    task: "streamInflate",
    title: "inflate 50 MB of text, as a stream",
  },
  "png-rgba": { file: "rgba.png", task: "decodePng", wire: true, title: "PNG: RGBA, 4 megapixels" },
  "png-rgb": { file: "rgb.png", task: "decodePng", title: "PNG: RGB" },
  "png-palette": { file: "palette.png", task: "decodePng", title: "PNG: palette" },
  "png-16": { file: "wide.png", task: "decodePng", title: "PNG: RGBA of 16 bits" },
  "png-interlaced": { file: "interlaced.png", task: "decodePng", title: "PNG: RGBA, interlaced" },
  // Only peers that stream and refuse damage are a measure here: an answer that may be wrong, or that may need all memory, is none.
  zstd: { file: "text.zst", task: "unzstd", strict: true, title: "zstd 50 MB of text, as a stream" },
  xz: { file: "text.xz", task: "unxz", strict: true, title: "xz 16 MB of text, as a stream" },
  bzip2: { file: "text.bz2", task: "unbzip2", strict: true, title: "bzip2 16 MB of text, as a stream" },
};

const ZIP = ["listZip", "readZip", "streamZip"];
const TAR = ["listTar", "readTar"];
const INFLATE = ["inflate", "streamInflate"];

/**
 * Contenders, each a file of `contenders/` with a function for each task that it `does`; ours does all. `ranges`: reads a URL by parts; others are given
 * the whole file, which then is fetched first. `wholeOnly`: does not stream. `platform`: comes with Node,
 * so is a limit to look at and no npm peer. `not`: gives something else there, as documented.
 */
export const contenders = {
  "range-streams": { file: "ours.mjs", ours: true, ranges: true },
  yauzl: { file: "yauzl.mjs", does: ZIP },
  "zip.js": { file: "zip-js.mjs", does: ZIP, ranges: true },
  unzipit: { file: "unzipit.mjs", does: ZIP, ranges: true },
  jszip: { file: "jszip.mjs", does: ["listZip", "readZip"] },
  fflate: { file: "fflate.mjs", does: ["listZip", "readZip", ...INFLATE] },
  "tar-stream": { file: "tar-stream.mjs", does: TAR },
  tar: { file: "node-tar.mjs", does: TAR },
  nanotar: { file: "nanotar.mjs", does: TAR },
  "modern-tar": { file: "modern-tar.mjs", does: TAR },
  "node:zlib": { file: "node-zlib.mjs", does: INFLATE, platform: true },
  DecompressionStream: { file: "decompression-stream.mjs", does: INFLATE, platform: true },
  pako: { file: "pako.mjs", does: INFLATE },
  pngjs: { file: "pngjs.mjs", does: ["decodePng"] },
  "fast-png": { file: "fast-png.mjs", does: ["decodePng"] },
  // Gives eight bits a sample at most.
  "upng-js": { file: "upng-js.mjs", does: ["decodePng"], not: ["png-16"] },
  fzstd: { file: "fzstd.mjs", does: ["unzstd"] },
  zstddec: { file: "zstddec.mjs", does: ["unzstd"], wholeOnly: true },
  "zstddec/stream": { file: "zstddec-stream.mjs", does: ["unzstd"] },
  "@bokuweb/zstd-wasm": { file: "zstd-wasm.mjs", does: ["unzstd"], wholeOnly: true },
  "xz-decompress": { file: "xz-decompress.mjs", does: ["unxz"] },
  "seek-bzip": { file: "seek-bzip.mjs", does: ["unbzip2"], wholeOnly: true },
};
