import type { planLists as plan } from "../planner/plan-lists.ts";
import type { listedBodies as listed } from "./listed-bodies.ts";
import type { placesFor as places } from "./pipeline-places.ts";

/**
 * A page asks for no lists of ranges, as each would need a preflight, nor says how its requests go out (WHATWG Fetch), and so needs no
 * code for either.
 */
export const planLists: typeof plan | undefined = undefined;
export const listedBodies: typeof listed | undefined = undefined;
export const placesFor: typeof places | undefined = undefined;
