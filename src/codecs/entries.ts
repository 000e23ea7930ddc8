import { RangeStreamsError } from "../errors.ts";

// What archives of every format do alike with their entries: find one by its name, read it as text, refuse one.

/** Entries by name, in the order of the archive. */
export function groupByName<Named extends { readonly name: string }>(
  entries: readonly Named[],
): Map<string, Named[]> {
  const groups = new Map<string, Named[]>();
  for (const entry of entries) {
    const { name } = entry;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [entry]);
    else group.push(entry);
  }
  return groups;
}

/** The one entry that bears a name, of those that do. @throws NOT_FOUND for none, AMBIGUOUS for several. */
export function onlyEntry<Found>(found: readonly Found[], name: string, archive: string): Found {
  const [only] = found;
  if (only === undefined) {
    const message = `Asked for ${name} in ${archive}: got no entry of that name; see its entries`;
    throw new RangeStreamsError("NOT_FOUND", message);
  }
  if (found.length === 1) return only;
  const got = `${found.length} entries of that name`;
  const message = `Asked for ${name} in ${archive}: got ${got}; choose one of its entries`;
  throw new RangeStreamsError("AMBIGUOUS", message);
}

/** The INVALID_ARGUMENT error of an entry of another archive. */
export function foreignEntry(archive: string): RangeStreamsError {
  const message = `Asked ${archive} for an entry that is not its own; give some of its entries`;
  return new RangeStreamsError("INVALID_ARGUMENT", message);
}

/** The LIMIT error of a member of so many bytes, which is larger than `maxBytes`. */
export function tooLargeToHold(what: string, size: number, maxBytes: number): RangeStreamsError {
  const got = `${size} bytes where ${maxBytes} may be held`;
  return new RangeStreamsError("LIMIT", `Read ${what}: got ${got}; raise maxBytes, or use stream()`);
}

/** The LIMIT error of bytes beyond `maxTotalBytes`. */
export function overBudget(what: string): RangeStreamsError {
  const got = "more than the bytes of all members that may be handed out";
  return new RangeStreamsError("LIMIT", `Read ${what}: got ${got}; raise maxTotalBytes if you trust it`);
}

/** The bytes of an entry as text, a byte order mark left out. @throws FORMAT for what is no UTF-8. */
export function decodeEntryText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `Read ${name} as text: got bytes that are no UTF-8; use bytes() and decode them yourself`;
    throw new RangeStreamsError("FORMAT", message, { cause });
  }
}
