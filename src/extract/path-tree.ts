import type { Entry } from "../codecs/archive.ts";
import { foldName } from "./safe-path.ts";

/** A folder to make, parents first. */
export interface PlannedDirectory {
  readonly parts: readonly string[];
  /** The entry that stands for it, where the archive has one. */
  readonly entry: Entry | undefined;
}

interface Node {
  /** As it is spelled where it came first. */
  readonly name: string;
  readonly kind: "directory" | "file" | "link";
  children: Map<string, Node> | undefined;
  entry: Entry | undefined;
}

/** The paths that are to be, in which no two are one on any file system, and none leads through a file or a link. */
export class PathTree {
  readonly #root: Node = makeNode("", "directory");
  readonly #exactCase: boolean;
  /** Files, folders and links in it. */
  size = 0;

  constructor({ exactCase }: { readonly exactCase: boolean }) {
    this.#exactCase = exactCase;
  }

  /** Adds a folder, or an entry to one that is there. Gives why it cannot be, and then changes nothing. */
  addDirectory(parts: readonly string[], entry: Entry): string | undefined {
    const reason = this.#conflict(parts, "directory");
    if (reason === undefined) this.#insert(parts, "directory").entry = entry;
    return reason;
  }

  /** Adds a file or a link, and the folders that it lies in. Gives why it cannot be, and then changes nothing. */
  addLeaf(parts: readonly string[], kind: "file" | "link"): string | undefined {
    const reason = this.#conflict(parts, kind);
    if (reason === undefined) this.#insert(parts, kind);
    return reason;
  }

  /** All folders, parents first. */
  directories(): PlannedDirectory[] {
    const found: PlannedDirectory[] = [];
    const open: { node: Node; parts: readonly string[] }[] = [{ node: this.#root, parts: [] }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, parts } = next;
      if (parts.length > 0) found.push({ parts, entry: node.entry });
      for (const child of node.children?.values() ?? []) {
        if (child.kind === "directory") open.push({ node: child, parts: [...parts, child.name] });
      }
    }
    return found;
  }

  #key(part: string): string {
    return this.#exactCase ? part : foldName(part);
  }

  #conflict(parts: readonly string[], kind: Node["kind"]): string | undefined {
    let node = this.#root;
    for (const [index, part] of parts.entries()) {
      const child = node.children?.get(this.#key(part));
      if (child === undefined) return undefined;
      const isLast = index === parts.length - 1;
      if (child.name !== part) {
        return `a path that is ${JSON.stringify(child.name)} to file systems which do not tell such names apart`;
      }
      if (!isLast && child.kind !== "directory")
        return `a path through the ${child.kind} ${JSON.stringify(part)}`;
      if (isLast && !(kind === "directory" && child.kind === "directory")) {
        return `a path at which there is another ${child.kind === "directory" ? "folder" : child.kind} already`;
      }
      node = child;
    }
    return undefined;
  }

  #insert(parts: readonly string[], kind: Node["kind"]): Node {
    let node = this.#root;
    for (const [index, part] of parts.entries()) {
      const key = this.#key(part);
      node.children ??= new Map();
      let child = node.children.get(key);
      if (child === undefined) {
        child = makeNode(part, index === parts.length - 1 ? kind : "directory");
        node.children.set(key, child);
        this.size += 1;
      }
      node = child;
    }
    return node;
  }
}

function makeNode(name: string, kind: Node["kind"]): Node {
  return { name, kind, children: undefined, entry: undefined };
}
