import type { Bytes } from "../../src/source/source.ts";
import { type MemberSpec, text } from "./build-zip.ts";

/** Bytes that deflate to about half, and differ everywhere. */
export function sampleBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  let state = length + 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = 97 + ((state >>> 16) % 16);
  }
  return bytes;
}

/** `toEqual` takes seconds for megabytes. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** One member of each kind that a zip of a Unix tells. */
export const SMALL: MemberSpec[] = [
  { name: "docs/", externalAttributes: 0x41ed0010 },
  { name: "docs/readme.txt", data: text("stored text"), externalAttributes: 0x81a40000 },
  { name: "docs/data.csv", data: sampleBytes(3000), method: 8 },
  { name: "latest", data: text("docs/readme.txt"), externalAttributes: 0xa1ff0000 },
  { name: "pipe", externalAttributes: 0x11a40000 },
];
