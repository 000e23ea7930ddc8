import type { readParts as read } from "./multi-range.ts";

/** A page asks for no lists of ranges, as each would need a preflight (WHATWG Fetch), and so needs no code for them. */
export const readParts: typeof read | undefined = undefined;
