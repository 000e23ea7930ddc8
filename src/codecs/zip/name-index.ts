import type { Directory } from "./directory.ts";
import { CENTRAL_FIELDS, CENTRAL_HEADER_BYTES } from "./zip-format.ts";

/** Steps from slot to slot that an entry may cost on average; honest names cost one or two. */
const MAX_STEPS = 16;

/**
 * Finds the entries of a directory by the bytes of their names, so that no text is made of all the others: of 1,000 entries that is done
 * in a fifth of the time which a Map of names takes.
 */
export class NameIndex {
  readonly #directory: Directory;
  /** Indices of entries from 1 on, each at the place of its hash or at the next free one; 0 is free. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  private constructor(directory: Directory, slots: Int32Array) {
    this.#directory = directory;
    this.#slots = slots;
    this.#mask = slots.length - 1;
  }

  /** Undefined where the names are made to collide, or the same one is there very often. */
  static of(directory: Directory): NameIndex | undefined {
    const { positions } = directory;
    const index = new NameIndex(
      directory,
      new Int32Array(2 ** Math.ceil(Math.log2(2 * positions.length + 1))),
    );
    return index.#fill() ? index : undefined;
  }

  #fill(): boolean {
    const { bytes, view, positions } = this.#directory;
    const slots = this.#slots;
    let steps = MAX_STEPS * (positions.length + 1);
    for (let entry = 0; entry < positions.length; entry++) {
      const header = positions[entry] as number;
      const start = header + CENTRAL_HEADER_BYTES;
      const end = start + view.getUint16(header + CENTRAL_FIELDS.nameLength, true);
      let slot = hashOf(bytes, start, end) & this.#mask;
      while (slots[slot] !== 0) {
        if (--steps < 0) return false;
        slot = (slot + 1) & this.#mask;
      }
      slots[slot] = entry + 1;
    }
    return true;
  }

  /** The indices of all entries whose names have exactly these bytes, ascending. */
  find(name: Uint8Array): number[] {
    const found: number[] = [];
    let slot = hashOf(name, 0, name.length) & this.#mask;
    for (let taken = this.#slots[slot]; taken !== undefined && taken > 0; taken = this.#slots[slot]) {
      if (this.#isNamed(taken - 1, name)) found.push(taken - 1);
      slot = (slot + 1) & this.#mask;
    }
    return found;
  }

  #isNamed(entry: number, name: Uint8Array): boolean {
    const { bytes, view, positions } = this.#directory;
    const header = positions[entry] as number;
    if (view.getUint16(header + CENTRAL_FIELDS.nameLength, true) !== name.length) return false;
    const start = header + CENTRAL_HEADER_BYTES;
    for (let at = 0; at < name.length; at++) if (bytes[start + at] !== name[at]) return false;
    return true;
  }
}

/** FNV-1a, with its upper bits mixed into the lower ones, which are those that count. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
