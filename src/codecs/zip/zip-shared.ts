import type { PlannedSource } from "../../source/source.ts";
import type { ResolvedLimits } from "../archive.ts";
import type { Directory } from "./directory.ts";

/** What all members of one archive share. */
export interface ZipShared {
  readonly source: PlannedSource;
  readonly directory: Directory;
  readonly limits: ResolvedLimits;
  /** Where all local headers start, ascending. */
  offsets(): Float64Array;
  /** Bytes that may still be handed out decoded. */
  readonly budget: { left: number };
  /** Aborts with CLOSED when the archive closes. */
  readonly closed: AbortSignal;
  /**
   * What was learned of members by reading them, by their place in the directory: a member itself has room for nothing, as there are
   * many.
   */
  readonly learned: {
    readonly dataOffsets: Map<number, number>;
    readonly linkTargets: Map<number, string>;
  };
}
