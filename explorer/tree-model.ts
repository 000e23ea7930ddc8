import type { Entry } from "range-streams/archive";

/** What the columns can be ordered by. */
export type SortKey = "name" | "size" | "storedSize" | "modified";

/** One line of the tree, as it is shown. */
export interface TreeRow {
  /** The whole path: of a folder with its `/`. */
  readonly path: string;
  /** What of the path is shown: the last part, or all of it where names were searched. */
  readonly label: string;
  /** From 1. */
  readonly level: number;
  /** From 1, among the lines of the same folder. */
  readonly position: number;
  readonly setSize: number;
  /** Undefined for what cannot be expanded. */
  readonly expanded: boolean | undefined;
  /** The member; undefined for a folder, which is one because of what lies in it. */
  readonly entry: Entry | undefined;
  /** Its place in the archive's directory; -1 for a folder. */
  readonly index: number;
  readonly size: number;
  readonly storedSize: number;
  readonly modified: Date | undefined;
}

interface Item {
  readonly label: string;
  readonly path: string;
  /** Members in it, by index; of a member itself undefined. */
  readonly members: readonly number[] | undefined;
  readonly index: number;
  readonly size: number;
  readonly storedSize: number;
  readonly modified: Date | undefined;
}

/**
 * The members of an archive as folders, in order and searched. A folder is looked into when it is expanded and not before, so that
 * a hostile name of a thousand folders costs nothing.
 */
export class TreeModel {
  readonly #entries: readonly Entry[];
  readonly #names: readonly string[];
  #lowered: readonly string[] | undefined;
  readonly #expanded = new Set<string>();
  readonly #collator = new Intl.Collator(undefined, { numeric: true });
  #rows: readonly TreeRow[] | undefined;
  #sort: { readonly key: SortKey; readonly descending: boolean } = { key: "name", descending: false };
  #query = "";

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
    this.#names = entries.map(pathOf);
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
    return this.#query === "" ? this.#entries.length : this.rows.length;
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
    const all = this.#entries.map((_entry, index) => index);
    // Folders still to be walked, the innermost last: names may be nested deeper than calls may be.
    const walks = [{ items: this.#itemsOf("", all), next: 0 }];
    for (let walk = walks.at(-1); walk !== undefined; walk = walks.at(-1)) {
      const item = walk.items[walk.next++];
      if (item === undefined) {
        walks.pop();
        continue;
      }
      const expanded = item.members === undefined ? undefined : this.#expanded.has(item.path);
      rows.push(
        this.#rowOf(item, { level: walks.length, position: walk.next, setSize: walk.items.length, expanded }),
      );
      if (expanded === true) walks.push({ items: this.#itemsOf(item.path, item.members ?? []), next: 0 });
    }
    return rows;
  }

  #rowOf(item: Item, place: Pick<TreeRow, "level" | "position" | "setSize" | "expanded">): TreeRow {
    const { path, label, index, size, storedSize, modified } = item;
    return { ...place, path, label, index, size, storedSize, modified, entry: this.#entries[index] };
  }

  #matchingRows(): TreeRow[] {
    this.#lowered ??= this.#names.map((name) => name.toLowerCase());
    const items = this.#lowered.flatMap((name, index) =>
      name.includes(this.#query) ? [this.#memberItem(index, this.#names[index] ?? "")] : [],
    );
    const place = { level: 1, setSize: items.length, expanded: undefined };
    return this.#sorted(items).map((item, index) => this.#rowOf(item, { ...place, position: index + 1 }));
  }

  /** What lies directly in a folder: `path` is its own, with a `/` at its end. */
  #itemsOf(path: string, members: readonly number[]): readonly Item[] {
    const folders = new Map<string, number[]>();
    const items: Item[] = [];
    for (const index of members) {
      const name = this.#names[index] ?? "";
      const slash = name.indexOf("/", path.length);
      if (slash === -1) {
        // The folder's own entry: it is the line that was expanded.
        if (name !== path || this.#entries[index]?.kind !== "directory")
          items.push(this.#memberItem(index, name.slice(path.length)));
        continue;
      }
      const folder = name.slice(path.length, slash);
      const known = folders.get(folder);
      if (known === undefined) folders.set(folder, [index]);
      else known.push(index);
    }
    const inFolders = [...folders].map(([label, inside]) =>
      this.#folderItem(`${path}${label}/`, label, inside),
    );
    return [...this.#sorted(inFolders), ...this.#sorted(items)];
  }

  #memberItem(index: number, label: string): Item {
    const entry = this.#entries[index];
    const path = this.#names[index] ?? "";
    const size = entry?.size ?? 0;
    const storedSize = entry?.storedSize ?? 0;
    // Asked for only where it is shown or sorted by: decoding the dates of all members takes a while.
    return {
      label,
      path,
      members: undefined,
      index,
      size,
      storedSize,
      get modified() {
        return entry?.modified;
      },
    };
  }

  #folderItem(path: string, label: string, members: readonly number[]): Item {
    let size = 0;
    let storedSize = 0;
    for (const index of members) {
      size += this.#entries[index]?.size ?? 0;
      storedSize += this.#entries[index]?.storedSize ?? 0;
    }
    return {
      label: label === "" ? "/" : label,
      path,
      members,
      index: -1,
      size,
      storedSize,
      modified: undefined,
    };
  }

  #sorted(items: readonly Item[]): Item[] {
    const { key, descending } = this.#sort;
    const sign = descending ? -1 : 1;
    const byName = (a: Item, b: Item): number => this.#collator.compare(a.label, b.label);
    if (key === "name") return items.toSorted((a, b) => sign * byName(a, b));
    const measured = items.map((item) => ({ item, by: Number(item[key] ?? 0) }));
    return measured.sort((a, b) => sign * (a.by - b.by) || byName(a.item, b.item)).map(({ item }) => item);
  }

  /** A folder that is all there is, is open from the start, and so on inside. */
  #expandLoneFolders(): void {
    for (let depth = 0; depth < 8; depth++) {
      const [only, other] = this.rows.filter(({ level }) => level === depth + 1);
      if (only?.expanded !== false || other !== undefined) return;
      this.setExpanded(only.path, true);
    }
  }
}

/** The path of a member. Old tars write directories without the `/` that makes them one here. */
function pathOf({ name, kind }: Entry): string {
  return kind === "directory" && !name.endsWith("/") ? `${name}/` : name;
}
