import type { Entry } from "range-streams/archive";

/** What the columns can be ordered by. */
export type SortKey = "name" | "size" | "storedSize" | "modified";

/** Where a line stands. */
interface Place {
  /** From 1. */
  readonly level: number;
  /** From 1, among the lines of the same folder. */
  readonly position: number;
  readonly setSize: number;
  /** Undefined for what cannot be expanded. */
  readonly expanded: boolean | undefined;
}

/** One line of the tree, as it is shown. */
export interface TreeRow extends Place {
  readonly item: TreeItem;
}

interface ItemParts {
  readonly path: string;
  readonly label: string;
  readonly entry?: Entry | undefined;
  readonly members?: readonly Entry[] | undefined;
}

/** A member, or a folder, which is one because of what lies in it. What it weighs is decoded when it is asked for, and not before. */
class TreeItem {
  /** The whole path: of a folder with its `/`. */
  readonly path: string;
  /** What of the path is shown: the last part, or all of it where names were searched. */
  readonly label: string;
  /** The member; undefined for a folder. */
  readonly entry: Entry | undefined;
  /** The members in a folder; undefined for a member. */
  readonly members: readonly Entry[] | undefined;
  #sums: { readonly size: number; readonly storedSize: number } | undefined;

  constructor({ path, label, entry, members }: ItemParts) {
    this.path = path;
    this.label = label;
    this.entry = entry;
    this.members = members;
  }

  /** Bytes; of a folder those of all members in it. */
  get size(): number {
    return (this.entry ?? this.#sum()).size;
  }

  get storedSize(): number {
    return (this.entry ?? this.#sum()).storedSize;
  }

  get modified(): Date | undefined {
    return this.entry?.modified;
  }

  #sum(): { readonly size: number; readonly storedSize: number } {
    if (this.#sums === undefined) {
      let [size, storedSize] = [0, 0];
      for (const member of this.members ?? []) {
        size += member.size;
        storedSize += member.storedSize;
      }
      this.#sums = { size, storedSize };
    }
    return this.#sums;
  }
}

/** A member and its path. */
interface Named {
  readonly path: string;
  readonly entry: Entry;
}

/** An item while folders are walked, with what lies in it. */
interface Walked {
  readonly item: TreeItem;
  readonly inside?: readonly Named[] | undefined;
}

/**
 * The members of an archive as folders, in order and searched. A folder is looked into when it is expanded and not before, so that
 * a hostile name of a thousand folders costs nothing.
 */
export class TreeModel {
  readonly #members: readonly Named[];
  #lowered: readonly string[] | undefined;
  readonly #expanded = new Set<string>();
  readonly #collator = new Intl.Collator(undefined, { numeric: true });
  #rows: readonly TreeRow[] | undefined;
  #sort: { readonly key: SortKey; readonly descending: boolean } = { key: "name", descending: false };
  #query = "";

  constructor(entries: readonly Entry[]) {
    this.#members = entries.map((entry) => ({ path: pathOf(entry), entry }));
    this.#expandLoneFolders();
  }

  get sort(): { readonly key: SortKey; readonly descending: boolean } {
    return this.#sort;
  }

  /** Orders by a column; by the same one again, the other way around. */
  sortBy(key: SortKey): void {
    const again = this.#sort.key === key;
    this.#sort = { key, descending: again ? !this.#sort.descending : key !== "name" };
    this.#rows = undefined;
  }

  /** Shows only the members whose path holds this text, upper and lower case alike; all for an empty one. */
  search(query: string): void {
    this.#query = query.trim().toLowerCase();
    this.#rows = undefined;
  }

  /** Members that are shown, or all where nothing is searched. */
  get matchCount(): number {
    return this.#query === "" ? this.#members.length : this.rows.length;
  }

  setExpanded(path: string, expanded: boolean): void {
    if (expanded) this.#expanded.add(path);
    else this.#expanded.delete(path);
    this.#rows = undefined;
  }

  /** Expands every folder on the way to a path. */
  reveal(path: string): void {
    for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) {
      this.#expanded.add(path.slice(0, at + 1));
    }
    this.#rows = undefined;
  }

  /** All lines that are to be seen, from top to bottom. */
  get rows(): readonly TreeRow[] {
    this.#rows ??= this.#query === "" ? this.#treeRows() : this.#matchingRows();
    return this.#rows;
  }

  #treeRows(): TreeRow[] {
    const rows: TreeRow[] = [];
    // Folders still to be walked, the innermost last: names may be nested deeper than calls may be.
    const walks = [{ items: this.#itemsOf("", this.#members), next: 0 }];
    for (let walk = walks.at(-1); walk !== undefined; walk = walks.at(-1)) {
      const folder = walk.items[walk.next++];
      if (folder === undefined) {
        walks.pop();
        continue;
      }
      const { item, inside } = folder;
      const expanded = inside === undefined ? undefined : this.#expanded.has(item.path);
      rows.push({ item, level: walks.length, position: walk.next, setSize: walk.items.length, expanded });
      if (inside !== undefined && expanded === true)
        walks.push({ items: this.#itemsOf(item.path, inside), next: 0 });
    }
    return rows;
  }

  #matchingRows(): TreeRow[] {
    this.#lowered ??= this.#members.map(({ path }) => path.toLowerCase());
    const lowered = this.#lowered;
    const matching = this.#members.filter((_member, index) => lowered[index]?.includes(this.#query));
    const items = matching.map(({ path, entry }) => ({ item: new TreeItem({ path, label: path, entry }) }));
    const place = { level: 1, setSize: items.length, expanded: undefined };
    return this.#sorted(items).map(({ item }, index) => ({ ...place, item, position: index + 1 }));
  }

  /** What lies directly in a folder: `path` is its own, with a `/` at its end. */
  #itemsOf(path: string, members: readonly Named[]): readonly Walked[] {
    const folders = new Map<string, Named[]>();
    const items: Walked[] = [];
    for (const member of members) {
      const slash = member.path.indexOf("/", path.length);
      if (slash === -1) {
        // The folder's own entry: it is the line that was expanded.
        if (member.path === path && member.entry.kind === "directory") continue;
        const label = member.path.slice(path.length);
        items.push({ item: new TreeItem({ path: member.path, label, entry: member.entry }) });
        continue;
      }
      const folder = member.path.slice(path.length, slash);
      const known = folders.get(folder);
      if (known === undefined) folders.set(folder, [member]);
      else known.push(member);
    }
    const inFolders = [...folders].map(([name, inside]) => {
      const parts = {
        path: `${path}${name}/`,
        label: name || "/",
        members: inside.map(({ entry }) => entry),
      };
      return { item: new TreeItem(parts), inside };
    });
    return [...this.#sorted(inFolders), ...this.#sorted(items)];
  }

  #sorted(items: readonly Walked[]): Walked[] {
    const { key, descending } = this.#sort;
    const sign = descending ? -1 : 1;
    const byName = (a: Walked, b: Walked): number => this.#collator.compare(a.item.label, b.item.label);
    if (key === "name") return items.toSorted((a, b) => sign * byName(a, b));
    const measured = items.map((each) => ({ each, by: Number(each.item[key] ?? 0) }));
    return measured.sort((a, b) => sign * (a.by - b.by) || byName(a.each, b.each)).map(({ each }) => each);
  }

  /** A folder that is all there is, is open from the start, and so on inside. */
  #expandLoneFolders(): void {
    for (let depth = 0; depth < 8; depth++) {
      const [only, other] = this.rows.filter(({ level }) => level === depth + 1);
      if (only?.expanded !== false || other !== undefined) return;
      this.setExpanded(only.item.path, true);
    }
  }
}

/** The path of a member. Old tars write directories without the `/` that makes them one here. */
function pathOf({ name, kind }: Entry): string {
  return kind === "directory" && !name.endsWith("/") ? `${name}/` : name;
}
