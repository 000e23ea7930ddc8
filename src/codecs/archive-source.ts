import { type OpenInput, type OpenOptions, openSource } from "../open.ts";
import type { Identity, PlannedSource } from "../source/source.ts";
import { redactUrl } from "../source/url.ts";
import { checkUnchanged, deferSource } from "./deferred-source.ts";

/**
 * What `open` gives. Where it fails, `opened` is closed: what was opened for it before, undefined where that is the caller's and
 * stays open.
 */
export async function closeOnFailure<Value>(
  opened: Pick<PlannedSource, "close"> | undefined,
  open: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await open();
  } catch (error) {
    await opened?.close();
    throw error;
  }
}

/**
 * The source of an archive that an index describes: what costs a request is opened by its first read.
 *
 * @throws CHANGED where a source that needs no request is not the one that was indexed, and whatever `openSource` throws.
 */
export async function openIndexedSource(
  input: OpenInput,
  options: OpenOptions,
  expected: { readonly size: number; readonly identity: Identity },
): Promise<PlannedSource> {
  options.signal?.throwIfAborted();
  if (typeof input === "string" || input instanceof URL) {
    const { size, identity } = expected;
    // The signal governs opening, which is over before the first request.
    const { signal: _, ...rest } = options;
    return deferSource({
      name: redactUrl(input),
      size,
      identity,
      maxProbeBytes: heldBytes(options),
      open: (probe) => openSource(input, { ...rest, probe }),
    });
  }
  const source = await openSource(input, options);
  // A PlannedSource comes back as it is: that one is not ours to close.
  return closeOnFailure(source === input ? undefined : source, () => {
    checkUnchanged(source, expected);
    return source;
  });
}

/** Bytes of an opening that stay held; what is no number opening itself refuses. Without a cache they all do. */
function heldBytes({ cache }: OpenOptions): number | undefined {
  const maxBytes = cache === false ? 0 : cache?.maxBytes;
  return typeof maxBytes === "number" && maxBytes >= 1 ? Math.floor(maxBytes) : undefined;
}
