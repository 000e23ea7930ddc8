/** Types and the endings that their files bear; of text, which is told by no mark, there are endings alone. */
const ENDINGS: Readonly<Record<string, string>> = {
  "7z": "7z",
  avif: "avif avifs",
  bmp: "bmp dib",
  bzip2: "bz2 tbz tbz2",
  gif: "gif",
  gzip: "gz tgz svgz bgz",
  hdf5: "h5 hdf5 he5",
  // An AVIF may bear the common brand of all of them.
  heif: "heic heif hif heics avif",
  jpeg: "jpg jpeg jpe jfif",
  mp4: "mp4 m4v m4a m4b f4v 3gp 3g2 mov",
  parquet: "parquet geoparquet",
  pdf: "pdf",
  pmtiles: "pmtiles",
  png: "png apng",
  quicktime: "mov qt mp4",
  sqlite: "sqlite sqlite3 gpkg mbtiles",
  tar: "tar",
  tiff: "tif tiff gtiff dng nef",
  bigtiff: "tif tiff gtiff btf tf8",
  wasm: "wasm",
  webp: "webp",
  xz: "xz txz",
  zip: "zip jar whl conda docx xlsx pptx odt ods epub apk kmz npz cbz nupkg xpi vsix",
  zstd: "zst tzst",
  text: "txt csv tsv json ndjson geojson xml html htm md css js svg yaml yml",
};

const TYPES_BY_ENDING: ReadonlyMap<string, readonly string[]> = groupByEnding();

function groupByEnding(): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [type, endings] of Object.entries(ENDINGS)) {
    for (const ending of endings.split(" ")) groups.set(ending, [...(groups.get(ending) ?? []), type]);
  }
  return groups;
}

/**
 * Says so where the name of a file promises another type than its bytes tell; undefined where they agree, and for a name whose ending
 * promises nothing. The type itself never comes from the name.
 */
export function nameMismatch(name: string, type: string | undefined): string | undefined {
  // Of a URL the query is no part of the name.
  const path = name.replace(/[?#].*$/s, "");
  const ending = /[^/\\]\.([a-z0-9]{1,10})$/i.exec(path)?.[1]?.toLowerCase();
  const promised = ending === undefined ? undefined : TYPES_BY_ENDING.get(ending);
  if (promised === undefined || promised.includes(type ?? "text")) return undefined;
  const told =
    type === undefined ? "its first bytes bear no mark of that type" : `its bytes are those of type ${type}`;
  return `the name ends in .${ending}, but ${told}`;
}
