import type { TimeLimit } from "../source/timeout.ts";
import type * as stack from "./ordinary-stack.ts";
import type * as stored from "./stored-body.ts";

/** What `#load-engine` gives. */
export interface EnginePieces {
  readonly stack: typeof stack;
  /** There if it was asked for. */
  readonly stored: typeof stored | undefined;
}

/** How long some call waits for them. */
export type WaitLimit = Omit<TimeLimit, "phase">;
