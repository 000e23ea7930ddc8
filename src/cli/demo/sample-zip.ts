import { gzipSync } from "node:zlib";

/** One member of the sample. */
interface SampleMember {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Left as it is, or deflated. */
  readonly stored: boolean;
}

/** Every member is dated 1 February 2024, 12:00 (APPNOTE 4.4.6), so that the sample is the same in every run. */
const DOS_TIME = 12 << 11;
const DOS_DATE = (44 << 9) | (2 << 5) | 1;
const UTF8_FLAG = 1 << 11;
const MADE_BY_UNIX = (3 << 8) | 20;
const REGULAR_FILE = 0o100644;

/**
 * A zip like those that people meet: photographs, which are stored, and tables and texts, which are deflated; 8.6 MB, the same
 * bytes in every run.
 */
export function makeSampleZip(): Uint8Array {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of sampleMembers()) {
    const { data, crc32 } = compress(member);
    const name = Buffer.from(member.name);
    const fields = sharedFields(member, { data, crc32, name });
    const local = Buffer.concat([u32(0x04034b50), u16(20), fields, u16(0), name, data]);
    const attributes = [u16(0), u16(0), u16(0), u32(REGULAR_FILE << 16), u32(offset)];
    directory.push(
      Buffer.concat([u32(0x02014b50), u16(MADE_BY_UNIX), u16(20), fields, u16(0), ...attributes, name]),
    );
    locals.push(local);
    offset += local.length;
  }
  const records = Buffer.concat(directory);
  const counts = [u16(0), u16(0), u16(directory.length), u16(directory.length)];
  const end = Buffer.concat([u32(0x06054b50), ...counts, u32(records.length), u32(offset), u16(0)]);
  return Buffer.concat([...locals, records, end]);
}

/** What both headers of a member share, from its flags to the length of its name (APPNOTE 4.3.7, 4.3.12). */
function sharedFields(
  member: SampleMember,
  { data, crc32, name }: { data: Buffer; crc32: number; name: Buffer },
): Buffer {
  const method = member.stored ? 0 : 8;
  const sizes = [u32(crc32), u32(data.length), u32(member.bytes.length), u16(name.length)];
  return Buffer.concat([u16(UTF8_FLAG), u16(method), u16(DOS_TIME), u16(DOS_DATE), ...sizes]);
}

/** gzip is raw deflate between a header of 10 bytes and a trailer of CRC-32 and size (RFC 1952 section 2.2). */
function compress({ bytes, stored }: SampleMember): { data: Buffer; crc32: number } {
  const gzip = gzipSync(bytes, { level: stored ? 0 : 6 });
  const crc32 = gzip.readUInt32LE(gzip.length - 8);
  return { data: stored ? Buffer.from(bytes) : gzip.subarray(10, -8), crc32 };
}

function sampleMembers(): SampleMember[] {
  const text = (name: string, content: string): SampleMember => ({
    name,
    bytes: Buffer.from(content),
    stored: false,
  });
  const numbers = makeRandom(20_240_201);
  const members = [text("README.md", "# Survey\n\nPhotographs, weather and field notes of three weeks.\n")];
  for (let day = 1; day <= 21; day++) {
    const label = String(day).padStart(2, "0");
    members.push({ name: `photos/day-${label}.jpg`, bytes: photograph(numbers), stored: true });
    members.push(text(`weather/day-${label}.csv`, weather(label, numbers)));
    members.push(text(`notes/day-${label}.txt`, notes(label, numbers)));
  }
  return members;
}

/** As incompressible as a JPEG, behind the first bytes of one. */
function photograph(numbers: () => number): Uint8Array {
  const bytes = new Uint8Array(400_000);
  for (let index = 0; index < bytes.length; index++) bytes[index] = numbers() * 256;
  bytes.set([0xff, 0xd8, 0xff, 0xe0]);
  return bytes;
}

function weather(day: string, numbers: () => number): string {
  const lines = ["time,temperature,wind,rain"];
  for (let minute = 0; minute < 1440; minute++) {
    const time = `2024-01-${day}T${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
    const temperature = (8 * Math.sin(minute / 229) + numbers()).toFixed(1);
    lines.push(`${time},${temperature},${(numbers() * 12).toFixed(1)},${numbers() > 0.9 ? "1" : "0"}`);
  }
  return `${lines.join("\n")}\n`;
}

function notes(day: string, numbers: () => number): string {
  const words = [
    "clouds",
    "heron",
    "low",
    "tide",
    "two",
    "seals",
    "north",
    "wind",
    "path",
    "flooded",
    "sun",
    "after",
  ];
  const lines = [`Day ${day}`];
  for (let line = 0; line < 120; line++) {
    const chosen = Array.from({ length: 9 }, () => words[Math.floor(numbers() * words.length)]);
    lines.push(`${pad(line)} ${chosen.join(" ")}.`);
  }
  return `${lines.join("\n")}\n`;
}

/** Numbers in [0, 1) that are the same in every run: a linear congruential generator (Numerical Recipes' constants). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
