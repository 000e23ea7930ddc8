import { planLists as plan } from "../planner/plan-lists.ts";
import { listedBodies as listed } from "./listed-bodies.ts";
import { placesFor as places } from "./pipeline-places.ts";

/** Where a list of ranges costs no more than any request. */
export const planLists: typeof plan | undefined = plan;
export const listedBodies: typeof listed | undefined = listed;
/** Where requests may go out behind each other. */
export const placesFor: typeof places | undefined = places;
