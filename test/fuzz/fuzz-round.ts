import { Random } from "../chaos/random.ts";
import { FORMATS } from "./formats.ts";

/**
 * Plays the round of a seed, always the same. Gives the code that the damaged file was refused with, or `opened`.
 *
 * @throws Error that names the format and the seed, for anything but bytes that are right and typed errors.
 */
export async function playRound(format: string, seed: number): Promise<string> {
  const round = FORMATS.get(format);
  if (round === undefined)
    throw new Error(`No format ${format}: there are ${[...FORMATS.keys()].join(", ")}`);
  try {
    return (await round(new Random(seed))).code ?? "opened";
  } catch (cause) {
    throw new Error(`${brokenBy(format, seed)}: ${String(cause)}`, { cause });
  }
}

/** The start of a line that says how to see a failure again. */
export function brokenBy(format: string, seed: number): string {
  return `${format}, seed ${seed} (npm run fuzz -- --format '${format}' --seed ${seed} --runs 1)`;
}
