import type { Piece } from "../source/late-piece.ts";
import type { EnginePieces } from "./engine-pieces.ts";
import * as stack from "./ordinary-stack.ts";
import * as stored from "./stored-body.ts";

/** The same where nothing is gained by loading later: it is here. */
export function loadEngine(_withStore: boolean): Piece<EnginePieces> {
  return { stack, stored };
}
