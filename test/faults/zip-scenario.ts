import { expect } from "vitest";
import { openZip, type ZipEntry, type ZipOptions } from "../../src/zip.ts";
import { buildZip, type MemberSpec, text, type ZipSpec } from "../zip/build-zip.ts";
import { drain } from "../zip/drain.ts";
import { recordedSource } from "../zip/recorded-source.ts";

export const HELLO: MemberSpec = { name: "a.txt", data: text("hello, hello, hello") };
export const SECOND: MemberSpec = { name: "b.txt", data: text("second") };

/** The code of the error that something fails with. */
export async function codeOf(work: Promise<unknown> | undefined): Promise<unknown> {
  return Promise.resolve(work).then(
    () => "no error",
    (error: { code?: unknown }) => error.code ?? error,
  );
}

/** Opens it, checking that nothing outside the file is asked for, and answers with the code of the error. */
export async function openCode(bytes: Uint8Array, options?: ZipOptions): Promise<unknown> {
  return openZip(recordedSource(bytes), options).then(
    (zip) => `opened, ${zip.entries.length} entries`,
    (error: { code?: unknown }) => error.code ?? error,
  );
}

/** The code of the error of reading one member, whichever way it is read. */
export async function readCode(members: MemberSpec[], spec?: ZipSpec, index = 0): Promise<unknown> {
  const zip = await openZip(recordedSource(buildZip(members, spec)));
  const entry = zip.entries[index] as ZipEntry;
  const code = await codeOf(entry.bytes());
  expect(await codeOf(drain(entry.stream()))).toBe(code);
  expect(await codeOf(zip.readMany([entry]))).toBe(code);
  return code;
}
