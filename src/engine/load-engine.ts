import { loadPiece, type Piece } from "../source/load-piece.ts";
import type { EnginePieces } from "./engine-pieces.ts";

/**
 * The engine, and what reads stored bytes where that is wanted. Both are files of their own in a page, which come while its first
 * request is under way.
 *
 * @throws NETWORK where they cannot be loaded.
 */
export function loadEngine(withStore: boolean): Piece<EnginePieces> {
  return loadPiece(async () => {
    const [stack, stored] = await Promise.all([
      import("./ordinary-stack.ts"),
      withStore ? import("./stored-body.ts") : Promise.resolve(undefined),
    ]);
    return { stack, stored };
  });
}
