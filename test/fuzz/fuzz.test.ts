import { describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive.ts";
import { sniffType } from "../../src/cli/sniff-type.ts";
import { openPng } from "../../src/png.ts";
import { openTar } from "../../src/tar.ts";
import { Random } from "../chaos/random.ts";
import { FORMATS } from "./formats.ts";
import { playRound } from "./fuzz-round.ts";
import { headSamples } from "./head-samples.ts";
import { mutate, type Sample } from "./mutate.ts";
import { mutateJson } from "./mutate-json.ts";
import { pngSamples } from "./png-samples.ts";
import { settle } from "./settle.ts";
import { CHECKPOINT_BYTES, compressedTarSamples, seekableSamples, tarSamples } from "./tar-samples.ts";
import { watchedSource } from "./watched-source.ts";
import { condaSamples, wheelSamples, zip64Samples, zipSamples } from "./zip-samples.ts";

/** In Node `fuzz.node.test.ts` plays more; here the same is played where decoders and sources are those of a browser. */
const RUNS = 25;

describe("damaged files, where there is no Node", () => {
  it.each([...FORMATS.keys()])("of %s give right bytes or a typed error", async (format) => {
    for (let seed = 1; seed <= RUNS; seed++) await playRound(format, seed);
  });
});

const ARCHIVES = [zipSamples, zip64Samples, condaSamples, wheelSamples, tarSamples];
const COMPRESSED = (["tar.gz", "tar.zst", "tar.bz2", "tar.xz"] as const).map(
  (format) => () => compressedTarSamples(format),
);

describe("what is damaged", () => {
  it("was whole before: every member of every sample is read, but those that nobody here reads", async () => {
    const refused: string[] = [];
    let read = 0;
    for (const { name, bytes } of [...ARCHIVES, ...COMPRESSED].flatMap((make): readonly Sample[] => make())) {
      await using archive = await (name.startsWith("old") ? openTar : openArchive)(
        watchedSource(bytes, name),
      );
      for (const entry of archive.entries) {
        const { code } = await settle(entry.bytes());
        if (code === undefined) read++;
        else refused.push(`${name}: ${entry.name} is ${code}`);
      }
    }
    expect(read).toBeGreaterThan(60);
    expect(refused.filter((line) => !line.includes("sparse"))).toEqual(["extras: secret is UNSUPPORTED"]);
  });

  it("was an image before, or of a known type", async () => {
    for (const { bytes, name } of pngSamples()) {
      await using png = await openPng(watchedSource(bytes, name));
      expect((await png.pixels()).data.length).toBeGreaterThan(0);
    }
    const types = headSamples().map(({ bytes }) => sniffType(bytes));
    expect(types).not.toContain(undefined);
    expect(new Set(types).size).toBeGreaterThan(15);
  });
});

it("is entered in its middle, where it is a compressed tar by its index", async () => {
  for (const { bytes, name } of seekableSamples()) {
    await using tar = await openTar(watchedSource(bytes, name), { checkpointBytes: CHECKPOINT_BYTES });
    const { points } = JSON.parse(String(tar.toIndex().directory["checkpoints"]));
    expect(points.length).toBeGreaterThan(3);
  }
});

describe("damage", () => {
  const [sample] = tarSamples();

  it("is the same for a seed, and leaves the sample as it was", () => {
    const before = sample?.bytes.slice();
    const of = (seed: number) => sample && mutate(sample, new Random(seed));
    expect(of(5)).toEqual(of(5));
    expect(of(5)).not.toEqual(of(6));
    expect(sample?.bytes).toEqual(before);
  });

  it("is of many kinds: other lengths, other bytes, and headers whose checksum is right again", async () => {
    let [longer, shorter, opened] = [0, 0, 0];
    for (let seed = 1; seed <= 200 && sample !== undefined; seed++) {
      const bytes = mutate(sample, new Random(seed));
      longer += Number(bytes.length > sample.bytes.length);
      shorter += Number(bytes.length < sample.bytes.length);
      opened += Number((await settle(openTar(watchedSource(bytes, "x.tar")))).code === undefined);
    }
    for (const count of [longer, shorter, opened]) expect(count).toBeGreaterThan(20);
  });

  it("reaches into JSON and base64 that stand in texts", () => {
    const document = { records: JSON.stringify([{ size: 7 }]), bytes: btoa("twenty bytes or so, encoded") };
    const changed = Array.from({ length: 300 }, (_, seed) => mutateJson(document, new Random(seed)));
    const texts = changed.map((value) => JSON.stringify(value));
    expect(
      texts.some(
        (text) => text.includes(String.raw`[{\"size\":-505}]`) || text.includes(String.raw`{\"size\":8}`),
      ),
    ).toBe(true);
    expect(texts.some((text) => text.includes("__proto__"))).toBe(true);
    expect(new Set(texts).size).toBeGreaterThan(150);
  });
});
