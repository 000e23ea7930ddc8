import { concatBytes } from "../../src/bytes/collect-bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** One header block and its data, as a test wants them, wrong ones included. */
export interface BlockSpec {
  name?: string | Bytes;
  data?: string | Bytes;
  /** Default `0`. */
  type?: string;
  /** Default: the length of `data`. A text or bytes go into the field as they are. */
  size?: number | string | Bytes;
  linkName?: string;
  mode?: number;
  mtime?: number | string | Bytes;
  uid?: number | string | Bytes;
  userName?: string;
  /** Default `ustar\0` and `00`; GNU's is `ustar  \0`. */
  magic?: string;
  prefix?: string;
  /** Written over the header at these offsets, before its checksum is made. */
  patch?: Record<number, Bytes>;
  checksum?: "unsigned" | "signed" | "wrong";
}

const BLOCK = 512;
const encoder = new TextEncoder();

export function bytesOf(text: string | Bytes): Bytes {
  return typeof text === "string" ? encoder.encode(text) : text;
}

/** A number of twelve bytes (or `length`) in GNU's binary form. */
export function base256(value: bigint, length = 12): Bytes {
  const bytes = new Uint8Array(length);
  let rest = BigInt.asUintN(length * 8 - 1, value);
  for (let index = length - 1; index >= 0; index--) {
    bytes[index] = Number(rest & 255n);
    rest >>= 8n;
  }
  bytes[0] = (bytes[0] as number) | 0x80;
  return bytes;
}

/** A header and its data, filled up to whole blocks. */
export function tarBlock(spec: BlockSpec): Bytes {
  const data = bytesOf(spec.data ?? "");
  const block = new Uint8Array(BLOCK);
  const put = (offset: number, value: string | Bytes | undefined): void => {
    if (value !== undefined) block.set(bytesOf(value), offset);
  };
  const number = (value: number | string | Bytes | undefined, length: number): string | Bytes => {
    if (typeof value !== "number" && value !== undefined) return value;
    return `${(value ?? 0).toString(8).padStart(length - 1, "0")}\0`;
  };
  put(0, spec.name ?? "a.txt");
  put(100, number(spec.mode ?? 0o644, 8));
  put(108, number(spec.uid, 8));
  put(116, number(0, 8));
  put(124, number(spec.size ?? data.length, 12));
  put(136, number(spec.mtime ?? 1_700_000_000, 12));
  put(156, spec.type ?? "0");
  put(157, spec.linkName);
  put(257, spec.magic ?? "ustar\x0000");
  put(265, spec.userName);
  put(345, spec.prefix);
  for (const [offset, bytes] of Object.entries(spec.patch ?? {})) block.set(bytes, Number(offset));
  block.fill(0x20, 148, 156);
  const isSigned = spec.checksum === "signed";
  const sum = block.reduce((total, byte) => total + (isSigned && byte > 127 ? byte - 256 : byte), 0);
  const written = spec.checksum === "wrong" ? sum + 1 : sum;
  put(148, `${written.toString(8).padStart(6, "0")}\0 `);
  return concatBytes([block, filledUp(data)]);
}

function filledUp(data: Bytes): Bytes {
  const filled = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK);
  filled.set(data);
  return filled;
}

/** The two blocks of zeros. */
export const END: Bytes = new Uint8Array(2 * BLOCK);

/** A whole tar of these, each a block or raw bytes. */
export function buildTar(parts: readonly (BlockSpec | Bytes)[], end: Bytes = END): Bytes {
  const blocks = parts.map((part) => (part instanceof Uint8Array ? part : tarBlock(part)));
  return concatBytes([...blocks, end]);
}

/** One record of an extended header, its length right. */
export function paxRecord(key: string, value: string | Bytes): Bytes {
  const rest = concatBytes([encoder.encode(` ${key}=`), bytesOf(value), encoder.encode("\n")]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return concatBytes([encoder.encode(String(length)), rest]);
}

/** An extended header with these records. */
export function pax(records: Record<string, string | Bytes>, type = "x"): BlockSpec {
  const data = concatBytes(Object.entries(records).map(([key, value]) => paxRecord(key, value)));
  return { name: "pax", type, data };
}

/** GNU's long name (L) or long link (K). */
export function gnuLong(text: string, type: "L" | "K" = "L"): BlockSpec {
  return { name: "././@LongLink", type, data: `${text}\0`, magic: "ustar  \0" };
}
