import type { Archive, ArchiveIndex, ArchiveLimits, Entry } from "../../src/codecs/archive.ts";
import type { ErrorCode } from "../../src/errors.ts";
import type { Bytes, Source } from "../../src/source/source.ts";
import type { Random } from "../chaos/random.ts";
import { drain } from "../zip/drain.ts";
import { insist, isSame, type Outcome, settle } from "./settle.ts";
import { watchedSource } from "./watched-source.ts";

/** Small, so that a round is short, and far above what the samples need. */
const LIMITS: ArchiveLimits = {
  maxEntries: 2000,
  maxEntryBytes: 2 ** 20,
  maxTotalBytes: 2 ** 24,
  maxDirectoryBytes: 2 ** 20,
  maxNesting: 2,
};
/** Members that are read in one round. */
const MAX_MEMBERS = 12;

export interface ArchivePlay {
  readonly open: (source: Source, options: ArchiveLimits & { index?: ArchiveIndex }) => Promise<Archive>;
  /** Opens from this index. */
  readonly index?: ArchiveIndex;
  /** What must be true of bytes that were given. */
  readonly checkBytes?: (entry: Entry, bytes: Bytes) => Promise<void>;
  /** Other errors that are right here. */
  readonly honest?: readonly ErrorCode[];
  /** Whatever else the format offers. */
  readonly more?: (archive: Archive) => Promise<void>;
}

/** What an archive came to: the code it was refused with, or what is in it. */
export type Played =
  | { readonly code: ErrorCode }
  | { readonly code?: undefined; readonly format: string; readonly listed: readonly Listed[] };

/** A member, and its bytes as far as they were given. */
interface Listed {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly outcome: Outcome<Bytes> | undefined;
}

/** Opens an archive, lists it, reads in it in every way there is, and opens it again from its index. */
export async function playArchive(file: Uint8Array, play: ArchivePlay, random: Random): Promise<Played> {
  const source = watchedSource(file, "fuzzed");
  const { index, honest = [] } = play;
  try {
    const opened = await settle(play.open(source, { ...LIMITS, ...(index && { index }) }), honest);
    if (opened.code !== undefined) return { code: opened.code };
    await using archive = opened.value;
    const listed = await listArchive(archive, play, random);
    await play.more?.(archive);
    if (index === undefined) await playRoundTrip(archive, { file, play, listed });
    return { format: archive.format, listed };
  } finally {
    source.check();
  }
}

async function listArchive(archive: Archive, play: ArchivePlay, random: Random): Promise<readonly Listed[]> {
  const { size } = archive.source;
  for (const [range] of archive.ranges) insist(range.end <= size, "a member's range is outside of the file");
  const listed: Listed[] = [];
  for (const entry of archive.entries) {
    const facts = factsOf(entry);
    insist(found(archive, entry), `${entry.name} is not found by its name`);
    const outcome = listed.length < MAX_MEMBERS ? await readMember(entry, play, random) : undefined;
    listed.push({ facts, outcome });
  }
  await readTogether(archive, listed);
  return listed;
}

/** All its fields, decoded. */
function factsOf(entry: Entry): Listed["facts"] {
  const { name, kind, size, storedSize, method, modified, mode } = entry;
  for (const count of [size, storedSize])
    insist(Number.isSafeInteger(count) && count >= 0, "a size is no count");
  insist(modified === undefined || !Number.isNaN(modified.getTime()), "a date is none");
  insist(typeof name === "string" && typeof method === "string", "a name is no text");
  insist(mode === undefined || (mode >= 0 && mode <= 0o777), "a mode has more than nine bits");
  const rest = [
    "crc32",
    "encrypted",
    "comment",
    "overlaps",
    "type",
    "uid",
    "gid",
    "userName",
    "groupName",
    "isSparse",
    "pax",
  ];
  const more = Object.fromEntries(
    rest.map((field) => [field, (entry as unknown as Record<string, unknown>)[field]]),
  );
  return { name, kind, size, storedSize, method, modified: modified?.getTime(), mode, ...more };
}

/** By its exact name, or it is one of several. */
function found(archive: Archive, entry: Entry): boolean {
  try {
    return archive.get(entry.name) === entry;
  } catch {
    return archive.entries.filter(({ name }) => name === entry.name).length > 1;
  }
}

/** Whole, as a stream and by position: whichever way, they are the same bytes. */
async function readMember(entry: Entry, play: ArchivePlay, random: Random): Promise<Outcome<Bytes>> {
  await settle(entry.range());
  const whole = await settle(entry.bytes());
  const streamed = await settle(drain(entry.stream()));
  if (whole.code !== undefined || streamed.code !== undefined) {
    insist(
      whole.code !== undefined && streamed.code !== undefined,
      `${entry.name} is readable in one of two ways`,
    );
    return whole;
  }
  const bytes = whole.value;
  insist(isSame(bytes, streamed.value), `${entry.name} streams other bytes`);
  insist(bytes.length === entry.size || entry.kind === "other", `${entry.name} is of another size`);
  await play.checkBytes?.(entry, bytes);
  const source = await settle(entry.source());
  if (source.code === undefined) {
    await using inside = source.value;
    insist(inside.size === bytes.length, `${entry.name} is of another size inside`);
    const [one, other] = [random.whole(0, bytes.length), random.whole(0, bytes.length)];
    const [start, end] = [Math.min(one, other), Math.max(one, other)];
    const part = await inside.read([start, end]);
    insist(isSame(part, bytes.subarray(start, end)), `${entry.name} has other bytes inside`);
  }
  return whole;
}

async function readTogether(archive: Archive, listed: readonly Listed[]): Promise<void> {
  const readable = listed.flatMap(({ outcome }, index) =>
    outcome === undefined || outcome.code !== undefined
      ? []
      : [{ entry: archive.entries[index], bytes: outcome.value }],
  );
  const all = await settle(
    archive.readMany(readable.flatMap(({ entry }) => (entry === undefined ? [] : [entry]))),
  );
  // Only what all of them may cost together can stand against it.
  if (all.code !== undefined) return insist(all.code === "LIMIT", `read together they are ${all.code}`);
  insist(
    all.value.every((bytes, index) => isSame(bytes, readable[index]?.bytes ?? new Uint8Array(1))),
    "read together they are other bytes",
  );
}

interface RoundTrip {
  readonly file: Uint8Array;
  readonly play: ArchivePlay;
  readonly listed: readonly Listed[];
}

/** From its index, by way of JSON, it is the same archive. */
async function playRoundTrip(archive: Archive, { file, play, listed }: RoundTrip): Promise<void> {
  const index = JSON.parse(JSON.stringify(archive.toIndex())) as ArchiveIndex;
  const source = watchedSource(file, "fuzzed");
  await using again = await play.open(source, { ...LIMITS, index });
  insist(again.entries.length === listed.length, "an index has other entries");
  for (const [place, entry] of again.entries.entries()) {
    const { facts, outcome } = listed[place] as Listed;
    insist(
      JSON.stringify(factsOf(entry)) === JSON.stringify(facts),
      `${entry.name} is another one by its index`,
    );
    if (outcome === undefined) continue;
    const { value, code } = { value: undefined, ...(await settle(entry.bytes())) };
    insist(code === outcome.code, `${entry.name} is ${code} by its index, else ${outcome.code}`);
    if (outcome.code === undefined)
      insist(isSame(value ?? new Uint8Array(0), outcome.value), "an index gives other bytes");
  }
  source.check();
}
