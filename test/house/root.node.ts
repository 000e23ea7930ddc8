import { join } from "node:path";

/** The project's directory. */
export const root: string = join(import.meta.dirname, "..", "..");
