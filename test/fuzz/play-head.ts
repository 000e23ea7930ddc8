import { fileFacts } from "../../src/cli/file-facts/file-facts.ts";
import { nameMismatch } from "../../src/cli/file-facts/name-mismatch.ts";
import { sniffType } from "../../src/cli/sniff-type.ts";
import type { Random } from "../chaos/random.ts";
import { insist } from "./settle.ts";

/** Tells what a head says, of a file that goes on or does not. Never an error, whatever is in it. */
export function playHead(head: Uint8Array, random: Random): { code?: string } {
  const fileSize = head.length + random.pick([0, 0, 1, 1000, 2 ** 40, Number.POSITIVE_INFINITY]);
  // A view whose byteOffset is not 0, and with bytes behind it that are not the file's.
  const around = new Uint8Array(head.length + 20).fill(7);
  around.set(head, 7);
  const view = around.subarray(7, 7 + head.length);
  const type = sniffType(view);
  const facts = fileFacts(type, view, fileSize);
  const { width, height, details, note } = facts;
  insist((width === undefined) === (height === undefined), "one dimension alone");
  for (const side of [width, height]) {
    insist(side === undefined || (Number.isSafeInteger(side) && side > 0), "a side that is none");
  }
  for (const value of Object.values(details ?? {})) {
    insist(typeof value !== "number" || Number.isFinite(value), "a number that is none");
  }
  insist(nameMismatch("x.unknown", type) === undefined, "a mismatch with nothing");
  return type === undefined || note !== undefined ? { code: "FORMAT" } : {};
}
