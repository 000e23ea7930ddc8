import type { Readable } from "./readable.ts";
import { safeFileName } from "./text.ts";

/**
 * Saves a member or a file. It is handed to the browser once all of it has come and its checksum was right, so that nothing half or
 * wrong ever stands under its name.
 */
export async function download(
  readable: Readable,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = readable.stream(signal).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    onProgress(length);
  }
  // Never the type that it claims: a browser is to save it, not to open it.
  const url = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = safeFileName(readable.name);
  link.click();
  // The browser has taken hold of it by then; *unmeasured*.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
