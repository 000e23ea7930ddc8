import type { RangeDict } from "../../ranges/range-dict.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import type { Archive, ArchiveIndex, Entry, EntryReadOptions, EntryStream } from "../archive.ts";
import type { ZipArchive, ZipEntry } from "./zip-archive.ts";

/** A format that is a zip with rules about its members: all that a zip does, under its own name. */
export abstract class ZipPackage implements Archive {
  abstract readonly format: string;
  readonly #zip: ZipArchive;
  readonly #owned: boolean;

  /** The package closes the zip, and the source too where it is `owned`. */
  constructor(zip: ZipArchive, owned: boolean) {
    this.#zip = zip;
    this.#owned = owned;
  }

  get source(): PlannedSource {
    return this.#zip.source;
  }

  get entries(): readonly ZipEntry[] {
    return this.#zip.entries;
  }

  get ranges(): RangeDict<Entry> {
    return this.#zip.ranges;
  }

  get(name: string): ZipEntry {
    return this.#zip.get(name);
  }

  toIndex(): ArchiveIndex {
    return { ...this.#zip.toIndex(), format: this.format };
  }

  readMany(entries: readonly Entry[], options?: EntryReadOptions): Promise<Bytes[]> {
    return this.#zip.readMany(entries, options);
  }

  streamEach(entries: readonly Entry[], options?: ReadOptions): AsyncIterable<EntryStream> {
    return this.#zip.streamEach(entries, options);
  }

  async close(): Promise<void> {
    await this.#zip.close();
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** An index that a package of this format made, as one of the zip it is; anything else as it stands. */
export function zipIndexOf(index: ArchiveIndex, format: string): ArchiveIndex {
  const given: unknown = (index as Partial<ArchiveIndex> | null)?.format;
  return given === format ? { ...index, format: "zip" } : index;
}
