import { sliceSource } from "../engine/slice-source.ts";
import { RangeStreamsError } from "../errors.ts";
import { openSource } from "../open.ts";
import type { Range } from "../ranges/range.ts";
import { bytesSource } from "../source/bytes-source.ts";
import type { Bytes, PlannedSource, Source } from "../source/source.ts";

// How many archives a source lies in travels with the source itself: openers take one source among many and know no parent.
const NESTING: unique symbol = Symbol.for("range-streams.nesting") as never;

type Nested = PlannedSource & { [NESTING]?: number };

/**
 * How deep a member of an archive over `source` lies: 1 in an archive that lies in none.
 *
 * @throws LIMIT for more than `maxNesting`.
 */
export function memberNesting(source: PlannedSource, maxNesting: number): number {
  const nesting = ((source as Nested)[NESTING] ?? 0) + 1;
  if (nesting <= maxNesting) return nesting;
  const got = `an archive ${nesting - 1} levels deep in others`;
  throw new RangeStreamsError(
    "LIMIT",
    `Opened a member of ${source.name}: got ${got}; raise maxNesting if you trust it`,
  );
}

/** A stored member, in place: a view of the archive's source. */
export function memberInPlace(archive: PlannedSource, range: Range, nesting: number): PlannedSource {
  return withNesting(sliceSource(archive, range), nesting);
}

/** A decoded member, over its bytes, which the source takes over. */
export async function memberInMemory(bytes: Bytes, name: string, nesting: number): Promise<PlannedSource> {
  // Its checksum was right, and nothing changes it any more; but no server ever vouched for it.
  return withNesting(await openSource(bytesSource(bytes, name), { cache: false }), nesting);
}

/** A member whose bytes are decoded when they are asked for; the source is closed with it. */
export async function memberDecoded(source: Source, nesting: number): Promise<PlannedSource> {
  return withNesting(await openSource(source, { policy: "lean" }), nesting);
}

function withNesting(source: PlannedSource, nesting: number): PlannedSource {
  Object.defineProperty(source, NESTING, { value: nesting });
  return source;
}
