import { gzipSync } from "fflate";
import { type AnyArchive, openArchive } from "../../src/archive.ts";
import type { Archive, ArchiveIndex, Entry } from "../../src/codecs/archive.ts";
import type { Bytes } from "../../src/source/source.ts";
import { openTar, walkTar } from "../../src/tar.ts";
import { openZip, type ZipEntry } from "../../src/zip.ts";
import { Random } from "../chaos/random.ts";
import { SAMPLE_MEMBERS, type SampleFormat } from "../tar/compressed-tars.ts";
import { crc32Of } from "../zip/build-zip.ts";
import { recordedSource } from "../zip/recorded-source.ts";
import { headSamples } from "./head-samples.ts";
import { mutate, type Sample } from "./mutate.ts";
import { mutateJson } from "./mutate-json.ts";
import { type ArchivePlay, type Played, playArchive } from "./play-archive.ts";
import { playHead } from "./play-head.ts";
import { playPng } from "./play-png.ts";
import { pngSamples } from "./png-samples.ts";
import { insist, isSame, settle } from "./settle.ts";
import { CHECKPOINT_BYTES, compressedTarSamples, seekableSamples, tarSamples } from "./tar-samples.ts";
import { watchedSource } from "./watched-source.ts";
import { condaSamples, wheelSamples, zip64Samples, zipSamples } from "./zip-samples.ts";

/** One round: damages a sample and plays what there is to do with it. Gives the code that it was refused with. */
type Round = (random: Random) => Promise<{ readonly code?: string | undefined }>;

/** What can be fuzzed, by name. */
export const FORMATS: ReadonlyMap<string, Round> = new Map<string, Round>([
  ["zip", (random) => playArchive(damaged(zipSamples, random), ZIP, random)],
  ["zip64", (random) => playArchive(damaged(zip64Samples, random), ZIP, random)],
  ["conda", (random) => playArchive(damaged(condaSamples, random), PACKAGE, random)],
  ["wheel", (random) => playArchive(damaged(wheelSamples, random), PACKAGE, random)],
  ["tar", playTar],
  ["tar in memory", playTarInMemory],
  ["tar in gzip", playTarInGzip],
  ...(["tar.gz", "tar.zst", "tar.bz2", "tar.xz"] as const).map((format): [string, Round] => [
    format,
    (random) => playCompressed(format, random),
  ]),
  ["png", (random) => playPng(damaged(pngSamples, random))],
  ["zip index", (random) => playIndex(zipSamples, ZIP, random)],
  ["tar index", (random) => playIndex(tarSamples, { open: openTar }, random)],
  ["tar.gz index", (random) => playIndex(seekableSamples, SEEKABLE, random)],
  ["info", async (random) => playHead(damaged(headSamples, random), random)],
]);

const SAMPLES = new Map<() => readonly Sample[], readonly Sample[]>();

/** Made once, used by many rounds. */
function sampleOf(make: () => readonly Sample[], random: Random): Sample {
  let samples = SAMPLES.get(make);
  if (samples === undefined) SAMPLES.set(make, (samples = make()));
  return random.pick(samples);
}

function damaged(make: () => readonly Sample[], random: Random): Bytes {
  return mutate(sampleOf(make, random), random);
}

/** The bytes of a zip's member are those that its checksum was made of. */
async function checkCrc(entry: Entry, bytes: Bytes): Promise<void> {
  insist(crc32Of(bytes) === (entry as ZipEntry).crc32, `${entry.name} has a wrong checksum`);
}

const ZIP: ArchivePlay = { open: openZip, checkBytes: checkCrc };

const SEEKABLE: ArchivePlay = {
  open: (source, options) => openTar(source, { ...options, checkpointBytes: CHECKPOINT_BYTES }),
};

const PACKAGE: ArchivePlay = {
  open: (source, options) => openArchive(source, options),
  checkBytes: async (entry, bytes) => ("crc32" in entry ? checkCrc(entry, bytes) : undefined),
  more: playPackage,
};

/** What the packages offer besides their members. */
async function playPackage(archive: Archive): Promise<void> {
  const any = archive as AnyArchive;
  if (any.format === "wheel") {
    await settle(any.metadata());
    await settle(any.fields());
    await settle(any.record(), ["NOT_FOUND"]);
  }
  if (any.format !== "conda") return;
  await settle(any.metadata());
  await settle(any.index(), ["NOT_FOUND"]);
  for (const part of [await settle(any.info()), await settle(any.pkg())]) {
    if (part.code !== undefined) continue;
    await using inside = part.value;
    for (const entry of inside.entries) await settle(entry.bytes());
  }
}

/** A tar has no checksum of its members: what is given must be what stands there. */
async function playTar(random: Random): Promise<Played> {
  const file = damaged(tarSamples, random);
  const checkBytes = async (entry: Entry, bytes: Bytes): Promise<void> => {
    const place = await settle(entry.range());
    // Holes of a sparse file are not stored; a hard link is stored elsewhere.
    if (place.code !== undefined || place.value.length !== bytes.length || entry.kind !== "file") return;
    const { start, end } = place.value;
    insist(isSame(bytes, file.subarray(start, end)), `${entry.name} has other bytes than the file`);
  };
  const played = await playArchive(file, { open: openTar, checkBytes }, random);
  await walk(file);
  return played;
}

async function walk(file: Uint8Array): Promise<void> {
  const source = watchedSource(file, "walked");
  const all = async (): Promise<void> => {
    for await (const entry of walkTar(source)) await settle(entry.bytes({ maxBytes: 2 ** 20 }));
  };
  await settle(all());
  source.check();
}

/** Given as bytes, it is read where it lies, by another way than through a source: what comes of it must be the same. */
async function playTarInMemory(random: Random): Promise<Played> {
  const file = damaged(tarSamples, random);
  const seed = random.whole(0, 2 ** 31);
  const read = await playArchive(file, { open: openTar }, new Random(seed));
  // A view with bytes on both sides, which are none of the tar's.
  const around = new Uint8Array(file.length + 9).fill(0xff);
  around.set(file, 4);
  const bytes = around.subarray(4, 4 + file.length);
  const given = await playArchive(file, { open: (_, options) => openTar(bytes, options) }, new Random(seed));
  insist(read.code === given.code, `it is ${read.code} through a source, and ${given.code} in memory`);
  if (read.code !== undefined || given.code !== undefined) return read;
  const facts = (played: typeof read): string =>
    JSON.stringify(played.listed.map((one) => [one.facts, one.outcome?.code]));
  insist(facts(read) === facts(given), "it is listed differently in memory");
  for (const [index, { outcome }] of read.listed.entries()) {
    const other = given.listed[index]?.outcome;
    if (outcome === undefined || outcome.code !== undefined || other?.code !== undefined) continue;
    insist(other !== undefined && isSame(outcome.value, other.value), "a member has other bytes in memory");
  }
  return read;
}

/** The same damage, found by the hopping reader and by the one that takes bytes as they come, is the same to both. */
async function playTarInGzip(random: Random): Promise<Played> {
  const file = damaged(tarSamples, random);
  const seed = random.whole(0, 2 ** 31);
  const plain = await listTar(file, seed);
  const packed = await listTar(gzipSync(file, { level: 1 }), seed);
  // Not a tar to one, and cut short to the other, say: the code may differ, never whether there is one.
  insist((plain === undefined) === (packed === undefined), "one reader takes it, the other refuses it");
  insist(JSON.stringify(plain) === JSON.stringify(packed), "two readers list it differently");
  return plain === undefined ? { code: "FORMAT" } : { format: "tar", listed: [] };
}

async function listTar(file: Uint8Array, seed: number): Promise<readonly unknown[] | undefined> {
  const source = recordedSource(file, `${seed}.tar`);
  const opened = await settle(
    openTar(source, { maxEntryBytes: 2 ** 20, maxEntries: 2000, maxDirectoryBytes: 2 ** 20 }),
  );
  if (opened.code !== undefined) return undefined;
  await using tar = opened.value;
  const listed: unknown[] = [];
  for (const entry of tar.entries) {
    const { name, kind, size, modified, linkTarget, mode, uid, pax } = entry;
    const bytes = await settle(entry.bytes());
    const content = bytes.code ?? crc32Of(bytes.value);
    listed.push({ name, kind, size, modified, linkTarget, mode, uid, pax, content });
  }
  return listed;
}

const COMPRESSED: Readonly<Record<SampleFormat, () => readonly Sample[]>> = {
  "tar.gz": () => compressedTarSamples("tar.gz"),
  "tar.zst": () => compressedTarSamples("tar.zst"),
  "tar.bz2": () => compressedTarSamples("tar.bz2"),
  "tar.xz": () => compressedTarSamples("tar.xz"),
};

/** Whatever was damaged: what comes through the checksums is the tar that was compressed. */
async function playCompressed(format: SampleFormat, random: Random): Promise<Played> {
  const file = damaged(COMPRESSED[format], random);
  const played = await playArchive(file, { open: openTar }, random);
  // A bit of zstd's head says whether there is a checksum at all.
  const isProven = format !== "tar.zst" || ((file[4] ?? 0) & 4) !== 0;
  // Nothing but zeros is left of it, say: that is a tar without members, and not compressed.
  if (played.code === undefined && played.format === format && isProven) checkSample(played);
  return played;
}

function checkSample({ listed }: Extract<Played, { code?: undefined }>): void {
  insist(listed.length === SAMPLE_MEMBERS.length, "it has other members than what was compressed");
  for (const [index, [name, text]] of SAMPLE_MEMBERS.entries()) {
    const { facts, outcome } = listed[index] ?? { facts: {}, outcome: undefined };
    const bytes = outcome?.code === undefined ? outcome?.value : undefined;
    insist(
      facts["name"] === name && new TextDecoder().decode(bytes) === text,
      `${name} is not what was compressed`,
    );
  }
}

/** What is true of a file: its index, and the bytes of its members by name; several may bear one. */
interface Truth {
  readonly index: ReturnType<typeof mutateJson>;
  readonly members: readonly { readonly name: string; readonly bytes: Bytes }[];
}

const TRUTHS = new Map<Sample, Truth>();

async function truthOf(sample: Sample, play: ArchivePlay): Promise<Truth> {
  const before = TRUTHS.get(sample);
  if (before !== undefined) return before;
  await using archive = await play.open(watchedSource(sample.bytes, "healthy"), {});
  const members: { name: string; bytes: Bytes }[] = [];
  for (const entry of archive.entries) {
    const { value } = { value: undefined, ...(await settle(entry.bytes())) };
    if (value !== undefined) members.push({ name: entry.name, bytes: value });
  }
  const truth = { index: JSON.parse(JSON.stringify(archive.toIndex())) as Truth["index"], members };
  TRUTHS.set(sample, truth);
  return truth;
}

/** A healthy file by a damaged index: members bear the bytes of the file, or an error. */
async function playIndex(make: () => readonly Sample[], play: ArchivePlay, random: Random): Promise<Played> {
  const sample = sampleOf(make, random);
  const { index, members } = await truthOf(sample, play);
  const checkBytes = async (entry: Entry, bytes: Bytes): Promise<void> => {
    const isHis = members.some((member) => member.name === entry.name && isSame(member.bytes, bytes));
    insist(isHis, `${entry.name} has bytes that are not its own`);
  };
  const edited = mutateJson(index, random) as unknown as ArchiveIndex;
  return playArchive(sample.bytes, { ...play, index: edited, checkBytes, honest: ["CHANGED"] }, random);
}
