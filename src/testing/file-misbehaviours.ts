import { asking, type MisbehaviourDefinition } from "./misbehaviour-definition.ts";
import type { ServedFile } from "./served-file.ts";

/** Wrong about which file it is: identity and change. */
export type FileMisbehaviour =
  | "etag-changes"
  | "file-changes"
  | "weak-etag"
  | "no-etag"
  | "no-validators"
  | "etag-vanishes"
  | "unquoted-etag";

/** Definitions of {@link FileMisbehaviour}. Conditions are judged against what the misbehaviour makes of the file. */
export const fileMisbehaviours: Record<FileMisbehaviour, MisbehaviourDefinition> = {
  /** Another strong ETag in every answer, over the same bytes. */
  "etag-changes": changing((_, ordinal) => ({ etag: `"changing-${ordinal}"` })),
  /** From the second request on (`after`), other bytes of the same size, with a new ETag and a later date. */
  "file-changes": { ...changing(changedFile), after: 1 },
  /** Weak instead of strong. */
  "weak-etag": changing(({ etag }) => ({ etag: etag?.startsWith('"') === true ? `W/${etag}` : etag })),
  /** Only Last-Modified is left. */
  "no-etag": changing(() => ({ etag: undefined })),
  /** Neither ETag nor Last-Modified. */
  "no-validators": changing(() => ({ etag: undefined, lastModified: undefined })),
  /** From the second request on (`after`), no ETag any more. */
  "etag-vanishes": { ...changing(() => ({ etag: undefined })), after: 1 },
  /** The ETag without its quotes, as old Azure and Artifactory send it; or `value` as the whole field. */
  "unquoted-etag": asking((exchange, { value }) => {
    const { file } = exchange;
    if (file?.etag !== undefined) exchange.file = { ...file, etag: value ?? file.etag.replaceAll('"', "") };
  }),
};

function changing(
  change: (file: ServedFile, ordinal: number) => Partial<ServedFile>,
): MisbehaviourDefinition {
  return asking((exchange) => {
    const { file } = exchange;
    if (file !== undefined) exchange.file = { ...file, ...change(file, exchange.request.ordinal) };
  });
}

function changedFile(file: ServedFile): Partial<ServedFile> {
  const read = async (start: number, end: number) => (await file.read(start, end)).map((byte) => byte ^ 0xff);
  const lastModified = file.lastModified === undefined ? undefined : file.lastModified + 1000;
  return { read, lastModified, etag: file.etag?.replace('"', '"changed-') };
}
