import { RangeStreamsError } from "../errors.ts";
import { positionalSource } from "./positional-source.ts";
import type { Source } from "./source.ts";

/**
 * A Source over a Blob or File. A File picked by a user whose content changes afterwards can no longer be read, as the platform
 * promises (W3C File API, section 4): that is CHANGED.
 */
export function blobSource(blob: Blob): Source {
  const name = "name" in blob && typeof blob.name === "string" ? blob.name : `blob of ${blob.size} bytes`;
  return positionalSource({
    name,
    size: blob.size,
    identity: { strength: "none" },
    async readAt(range) {
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(await blob.slice(range.start, range.end).arrayBuffer());
      } catch (cause) {
        const message = `${name}: asked for ${range}, which can no longer be read; pick the file again`;
        throw new RangeStreamsError("CHANGED", message, { cause });
      }
      if (bytes.byteLength === range.length) return bytes;
      const message = `${name}: asked for ${range}, got ${bytes.byteLength} bytes; the file changed, pick it again`;
      throw new RangeStreamsError("CHANGED", message);
    },
  });
}
