import { latePiece } from "../source/late-piece.ts";
import type { EnginePieces } from "./engine-pieces.ts";

const loadStack = latePiece(() => import("./ordinary-stack.ts"));
const loadStored = latePiece(() => import("./stored-body.ts"));

/**
 * The engine, and what reads stored bytes where that is wanted. Both are files of their own in a page, which come while its first
 * request is under way.
 *
 * @throws NETWORK where they cannot be loaded.
 */
export async function loadEngine(withStore: boolean): Promise<EnginePieces> {
  const [stack, stored] = await Promise.all([
    loadStack(),
    withStore ? loadStored() : Promise.resolve(undefined),
  ]);
  return { stack, stored };
}
