import { pngFile } from "./png-file.mjs";
import { noise } from "./random.mjs";
import { SegmentFile } from "./segment-file.mjs";
import { tarFile } from "./tar-file.mjs";
import { deflatedZip, manyZip, smallZip, storedZip, zip64 } from "./zip-file.mjs";

const MIB = 1024 * 1024;
const flat = (megabytes, seed) => () => new SegmentFile([{ bytes: noise(seed), length: megabytes * MIB }]);

const makers = {
  "flat-256.bin": flat(256),
  "flat-64.bin": flat(64),
  "table.parquet": flat(60, 3),
  "map.tif": flat(48, 4),
  "data.sqlite": flat(100, 5),
  "film.mp4": flat(128, 6),
  "many.bin": flat(66, 7),
  "data.tar": tarFile,
  "image.png": pngFile,
  "small.zip": smallZip,
  "many.zip": manyZip,
  "zip64.zip": zip64,
  "stored.zip": storedZip,
  "deflated.zip": deflatedZip,
};
const made = new Map();

/** The file of that name, made when it is first asked for; undefined if there is none. */
export function fileNamed(name) {
  if (!Object.hasOwn(makers, name)) return undefined;
  if (!made.has(name)) made.set(name, makers[name]());
  return made.get(name);
}
