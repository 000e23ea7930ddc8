import { type PaxRecords, paxCount, paxNumber } from "./pax-records.ts";
import { ambiguousTar, brokenTar, type TarHeader, type TarPlace } from "./tar-format.ts";

/** Keys of extended headers that have a field of their own in a record. */
const OWN_KEYS: ReadonlySet<string> = new Set(
  "path linkpath size mtime uid gid uname gname hdrcharset".split(" "),
);
const SPARSE_PREFIX = "GNU.sparse.";
const NO_PAX: PaxRecords = new Map();

/** What extended headers said of the member to come. */
export interface Extensions {
  /** Where the first of them starts. */
  start: number | undefined;
  pax: PaxRecords | undefined;
  /** GNU's long name and long link. */
  name: string | undefined;
  link: string | undefined;
}

export function nothingSaid(): Extensions {
  return { start: undefined, pax: undefined, name: undefined, link: undefined };
}

/** A header, and what extended headers say instead and besides. */
export interface ToldHeader extends TarHeader {
  /** Of a sparse file of GNU's newer kinds: its true name, and bytes with the holes. */
  readonly sparseName?: string | undefined;
  readonly sparseSize?: number | undefined;
  readonly isSparse?: boolean | undefined;
  /** Records that have no field of their own. */
  readonly pax?: Readonly<Record<string, string>> | undefined;
}

/**
 * A header as extended headers have it: those of its member, and global ones.
 *
 * @throws FORMAT for a number that is none; AMBIGUOUS where two tell different names, and for a global one that names or measures.
 */
export function extendHeader(
  header: TarHeader,
  { said, globals }: { readonly said: Extensions; readonly globals: ReadonlyMap<string, string> },
  place: TarPlace,
): ToldHeader {
  checkGlobals(globals, place);
  const pax = said.pax ?? NO_PAX;
  const all = globals.size === 0 ? pax : mergePax(globals, pax);
  return {
    ...header,
    name: chooseName({ pax: pax.get("path"), gnu: said.name, own: header.name }, place),
    linkName: chooseName({ pax: pax.get("linkpath"), gnu: said.link, own: header.linkName }, place),
    // It governs both the data and where the next header is, never one alone.
    size: paxCount(pax, "size", place) ?? header.size,
    uid: paxNumber(all, "uid") ?? header.uid,
    gid: paxNumber(all, "gid") ?? header.gid,
    modified: paxNumber(all, "mtime") ?? header.modified,
    userName: all.get("uname") ?? header.userName,
    groupName: all.get("gname") ?? header.groupName,
    sparseName: pax.get("GNU.sparse.name"),
    sparseSize: paxCount(pax, "GNU.sparse.realsize", place) ?? paxCount(pax, "GNU.sparse.size", place),
    isSparse: [...pax.keys()].some((key) => key.startsWith(SPARSE_PREFIX)),
    pax: otherRecords(all),
  };
}

/** Takes in records above others: an empty value takes back what stood below. */
function mergePax(below: ReadonlyMap<string, string>, above: PaxRecords): Map<string, string> {
  const merged = new Map([...below, ...above]);
  for (const [key, value] of above) if (value === "") merged.delete(key);
  return merged;
}

/** As {@link mergePax}, in place, as global headers may be many of a few bytes each. Gives by how many characters the records grew. */
export function addGlobals(globals: Map<string, string>, added: PaxRecords): number {
  let growth = 0;
  for (const [key, value] of added) {
    const before = globals.get(key);
    if (before !== undefined) growth -= key.length + before.length;
    if (value !== "") growth += key.length + value.length;
    if (value === "") globals.delete(key);
    else globals.set(key, value);
  }
  return growth;
}

/** What names or measures one member makes no sense for all, and readers differ in whether they heed it. */
function checkGlobals(globals: ReadonlyMap<string, string>, place: TarPlace): void {
  for (const key of globals.keys()) {
    const isOne = key === "path" || key === "linkpath" || key === "size" || key.startsWith(SPARSE_PREFIX);
    if (isOne) throw ambiguousTar(place, `a global header that sets ${key} for every member`);
  }
}

/** An extended header rules over GNU's long name, and that over the header; the first two must not differ. */
function chooseName(
  from: { readonly pax: string | undefined; readonly gnu: string | undefined; readonly own: string },
  place: TarPlace,
): string {
  const { pax, gnu, own } = from;
  if (pax !== undefined && gnu !== undefined && pax !== gnu)
    throw ambiguousTar(place, "two names for one member");
  if (pax === "") throw brokenTar(place, "an extended header with an empty name");
  return pax ?? gnu ?? own;
}

function otherRecords(pax: PaxRecords): Readonly<Record<string, string>> | undefined {
  const others = [...pax].filter(([key]) => !OWN_KEYS.has(key) && !key.startsWith(SPARSE_PREFIX));
  if (others.length === 0) return undefined;
  // Without a prototype: a key may be `__proto__`.
  const records: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, value] of others) records[key] = value;
  return records;
}
