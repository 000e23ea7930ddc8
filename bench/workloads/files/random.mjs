/** Numbers in [0, 1), the same in every run and process (Weyl sequence and two multiplications, 32 bits). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}

/** A prime close to 1 MiB, so that no grid of blocks meets the same bytes twice. */
const PERIOD = 1_048_573;

const made = new Map();
const once = (key, make) => {
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
};

/** `PERIOD` bytes that do not compress; files repeat them, so that gigabytes cost nothing to serve and to compare. */
export function noise(seed = 1) {
  return once(`noise ${seed}`, () => {
    const next = randomNumbers(seed);
    const words = new Uint32Array(Math.ceil(PERIOD / 4));
    for (let at = 0; at < words.length; at++) words[at] = next() * 0x1_0000_0000;
    return Buffer.from(words.buffer, 0, PERIOD);
  });
}

/** As many bytes that deflate makes about 0.3 times as long. */
export function prose(seed = 2) {
  return once(`prose ${seed}`, () => {
    const next = randomNumbers(seed);
    const letters = "etaoinshrdlucmfwypvbgk";
    const word = () =>
      Array.from({ length: 3 + next() * 8 }, () => letters[Math.floor(next() ** 2 * 22)]).join("");
    const words = Array.from({ length: 600 }, word);
    const text = Buffer.alloc(PERIOD, 10);
    for (let at = 0; at < PERIOD; )
      at += text.write(`${words[Math.floor(next() ** 1.5 * 600)]} `, at, "latin1");
    return text;
  });
}
