import { withTimeout } from "../source/timeout.ts";
import type { EnginePieces, WaitLimit } from "./engine-pieces.ts";
import { latePiece } from "./late-piece.ts";

const loadStack = latePiece(() => import("./ordinary-stack.ts"));
const loadStored = latePiece(() => import("./stored-body.ts"));

/**
 * The engine, and what reads stored bytes where that is wanted. Both are files of their own in a page, which come while its first
 * request is under way. The signal and the time of `limit` end the wait for them.
 *
 * @throws NETWORK where they cannot be loaded.
 */
export async function loadEngine(withStore: boolean, limit: WaitLimit): Promise<EnginePieces> {
  const loading = Promise.all([loadStack(), withStore ? loadStored() : Promise.resolve(undefined)]);
  const [stack, stored] = await withTimeout(loading, { ...limit, phase: "total" });
  return { stack, stored };
}
