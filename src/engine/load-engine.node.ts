import type { EnginePieces, WaitLimit } from "./engine-pieces.ts";
import * as stack from "./ordinary-stack.ts";
import * as stored from "./stored-body.ts";

/** The same where nothing is gained by loading later: it is here. */
export function loadEngine(_withStore: boolean, _limit: WaitLimit): EnginePieces | Promise<EnginePieces> {
  return { stack, stored };
}
