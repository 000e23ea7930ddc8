import type { FileFacts } from "../../src/cli/file-facts/facts.ts";
import { fileFacts } from "../../src/cli/file-facts/file-facts.ts";
import { sniffType } from "../../src/cli/sniff-type.ts";
import { latin1 } from "./build-heads.ts";

const HEAD_BYTES = 32_768;

/** What the head of a file tells, as a view whose byteOffset is not 0. */
export function factsOf(
  file: Uint8Array,
  fileSize = file.length,
): [type: string | undefined, facts: FileFacts] {
  const shifted = new Uint8Array(Math.min(file.length, HEAD_BYTES) + 5);
  shifted.set(file.subarray(0, HEAD_BYTES), 5);
  const head = shifted.subarray(5);
  const type = sniffType(head);
  return [type, fileFacts(type, head, fileSize)];
}

/** Texts, numbers of a byte each and bytes, one behind the other. */
export const bytes = (...parts: (string | number[] | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...(typeof part === "string" ? latin1(part) : part)]));
