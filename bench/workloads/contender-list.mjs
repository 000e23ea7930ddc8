const ours = ["lean", "balanced", "fast"].map((policy) => ({
  name: `ours-${policy}`,
  kind: "ours",
  file: "contenders/ours.mjs",
  does: ["read", "zip", "download"],
  option: { policy },
}));

/** Keeps nothing, as a bare request does. */
const uncached = {
  ...ours[0],
  name: "ours-uncached",
  only: ["small2k", "small"],
  option: { policy: "lean", cache: false },
};

const gaps = {
  0: 0,
  "16k": 16_384,
  "64k": 65_536,
  "128k": 131_072,
  "256k": 262_144,
  "512k": 524_288,
  "1m": 1_048_576,
  "4m": 4_194_304,
};
const fixedGaps = Object.entries(gaps).map(([label, gap]) => ({
  name: `fixed-gap-${label}`,
  kind: "fixed-gap",
  file: "contenders/fixed-gap.mjs",
  does: ["read"],
  only: ["readmany"],
  option: { gap },
}));

const plain = (name, kind, does) => ({ name, kind, file: `contenders/${name}.mjs`, does });
const peer = (name, does) => ({ name, kind: "peer", file: `../peers/${name}.mjs`, does });

/**
 * Everyone who takes part: `does` says in which kinds of workload, `only` in which ones alone. `get` reads the whole file, whatever
 * is asked of it.
 */
export const contenders = [
  ...ours,
  uncached,
  plain("oracle-online", "oracle", ["read", "zip", "download"]),
  plain("oracle-offline", "oracle", ["read", "zip"]),
  plain("get-http", "get", ["read", "zip", "download"]),
  plain("get-fetch", "get", ["download"]),
  plain("naive-http", "naive", ["read"]),
  plain("naive-fetch", "naive", ["read"]),
  ...fixedGaps,
  peer("undici", ["download"]),
  peer("mediabunny", ["read"]),
  peer("chunkd", ["read"]),
  peer("geotiff", ["read"]),
  peer("hyparquet", ["read"]),
  peer("zarrita", ["read"]),
  peer("unzipit", ["zip"]),
  peer("unzipper", ["zip"]),
  peer("yauzl", ["zip"]),
  peer("zip-js", ["zip"]),
];
