import type { Entry } from "../archive.ts";
import { RangeStreamsError } from "../index.ts";

/** Longer ones are nobody's: so the work for one name is bounded. */
const MAX_PATTERN_LENGTH = 1024;

/**
 * One step of a pattern. `folders` (the `**` of `**` + `/`) is followed by `inside`: together they take any number of whole folders.
 */
type Step =
  | { readonly kind: "literal"; readonly character: string }
  | { readonly kind: "one" | "some" | "all" | "folders" | "inside" }
  | CharacterClass;

interface CharacterClass {
  readonly kind: "class";
  readonly negated: boolean;
  /** First and last characters, both included. */
  readonly ranges: readonly (readonly [string, string])[];
}

/**
 * The entries that names or patterns of the command line mean, in the order of the archive: an exact name; a folder, with all in it; or a
 * pattern with `*`, `?`, `[a-z]`, `[!a-z]` within a folder and `**` across folders, which means what it matches and all in that. A name
 * that is there is never taken for a pattern.
 *
 * @throws NOT_FOUND for one that means nothing, INVALID_ARGUMENT for a pattern that is too long.
 */
export function selectMembers<E extends Entry>(
  entries: readonly E[],
  wanted: readonly string[],
  archive: string,
): readonly E[] {
  const chosen = new Set<E>();
  for (const text of wanted) {
    const found = selectOne(entries, text);
    if (found.length === 0) {
      const message = `Asked for ${text} in ${archive}: got no entry that is meant by it; see ls`;
      throw new RangeStreamsError("NOT_FOUND", message);
    }
    for (const entry of found) chosen.add(entry);
  }
  return entries.filter((entry) => chosen.has(entry));
}

function selectOne<E extends Entry>(entries: readonly E[], text: string): readonly E[] {
  const path = plainPath(text);
  const literal = entries.filter(({ name }) => {
    const plain = plainPath(name);
    return plain === path || plain.startsWith(`${path}/`);
  });
  if (literal.length > 0) return literal;
  const matches = compilePattern(path);
  return entries.filter(({ name }) => matches(plainPath(name)));
}

/** Without `./` in front, as tars have it, and without the slash of a folder. */
export function plainPath(name: string): string {
  return name.replace(/^(?:\.\/)+/, "").replace(/\/$/, "");
}

/**
 * What tells whether a pattern matches a path or a folder that it lies in. Takes time in proportion to the pattern times the path, whatever
 * they hold: all readings go along at once, and none is tried again.
 *
 * @throws INVALID_ARGUMENT for a pattern that is too long.
 */
export function compilePattern(pattern: string): (path: string) => boolean {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    const message = `Asked for members by a pattern of ${pattern.length} characters: ${MAX_PATTERN_LENGTH} are taken; give a shorter one`;
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  const steps = parsePattern(pattern);
  return (path) => runPattern(steps, path);
}

function parsePattern(pattern: string): Step[] {
  const characters = Array.from(pattern);
  const steps: Step[] = [];
  for (let index = 0; index < characters.length; ) {
    const character = characters[index] as string;
    if (character === "*") {
      const isAll = characters[index + 1] === "*";
      const isWhole = index === 0 || characters[index - 1] === "/";
      const isFolders = isAll && isWhole && characters[index + 2] === "/";
      if (isFolders) steps.push({ kind: "folders" }, { kind: "inside" });
      else steps.push({ kind: isAll ? "all" : "some" });
      index += isFolders ? 3 : isAll ? 2 : 1;
      continue;
    }
    const set = character === "[" ? parseClass(characters, index) : undefined;
    if (set !== undefined) {
      steps.push(set.step);
      index = set.end;
    } else if (character === "?") {
      steps.push({ kind: "one" });
      index += 1;
    } else {
      const isEscape = character === "\\" && index + 1 < characters.length;
      steps.push({ kind: "literal", character: isEscape ? (characters[index + 1] as string) : character });
      index += isEscape ? 2 : 1;
    }
  }
  return steps;
}

/** `[…]` from its bracket on; undefined where it has no end: then the bracket stands for itself. */
function parseClass(characters: readonly string[], start: number): { step: Step; end: number } | undefined {
  const negated = characters[start + 1] === "!" || characters[start + 1] === "^";
  const first = start + (negated ? 2 : 1);
  // A bracket that comes first is one of the characters.
  const end = characters.indexOf("]", first + 1);
  if (end === -1) return undefined;
  const ranges: [string, string][] = [];
  for (let index = first; index < end; ) {
    const low = characters[index] as string;
    const isRange = characters[index + 1] === "-" && index + 2 < end;
    ranges.push([low, isRange ? (characters[index + 2] as string) : low]);
    index += isRange ? 3 : 1;
  }
  return { step: { kind: "class", negated, ranges }, end: end + 1 };
}

function runPattern(steps: readonly Step[], path: string): boolean {
  let active = new Uint8Array(steps.length + 1);
  enter(steps, active, 0);
  for (const character of path) {
    if (character === "/" && active[steps.length] === 1) return true;
    const next = new Uint8Array(steps.length + 1);
    for (const [index, step] of steps.entries()) {
      if (active[index] === 1) advance(steps, next, { index, step, character });
    }
    active = next;
  }
  return active[steps.length] === 1;
}

/** Stands at a step, and at those that may take nothing. */
function enter(steps: readonly Step[], active: Uint8Array, start: number): void {
  for (let index = start; active[index] === 0; ) {
    active[index] = 1;
    const kind = steps[index]?.kind;
    if (kind === "some" || kind === "all") index += 1;
    else if (kind === "folders") index += 2;
    else return;
  }
}

interface Move {
  readonly index: number;
  readonly step: Step;
  readonly character: string;
}

function advance(steps: readonly Step[], next: Uint8Array, { index, step, character }: Move): void {
  const isSlash = character === "/";
  switch (step.kind) {
    case "literal":
      if (step.character === character) enter(steps, next, index + 1);
      return;
    case "class":
      if (!isSlash && isInClass(step, character)) enter(steps, next, index + 1);
      return;
    case "one":
    case "folders":
      if (!isSlash) enter(steps, next, index + 1);
      return;
    case "some":
      if (!isSlash) enter(steps, next, index);
      return;
    case "all":
      enter(steps, next, index);
      return;
    case "inside":
      enter(steps, next, isSlash ? index - 1 : index);
  }
}

function isInClass({ negated, ranges }: CharacterClass, character: string): boolean {
  return ranges.some(([low, high]) => low <= character && character <= high) !== negated;
}
