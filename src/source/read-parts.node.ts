import { readParts as read } from "./multi-range.ts";

/** Where a list of ranges costs no more than any request. */
export const readParts: typeof read | undefined = read;
