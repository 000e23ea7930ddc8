import { RangeStreamsError } from "../../errors.ts";
import { RangeDict } from "../../ranges/range-dict.ts";
import { beginCall } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { Bytes, PlannedSource, ReadOptions } from "../../source/source.ts";
import { waitFor } from "../../source/wait-for.ts";
import {
  type ArchiveIndex,
  type Entry,
  type EntryReadOptions,
  type EntryStream,
  resolveLimits,
} from "../archive.ts";
import { compressionOf } from "../tar/compression.ts";
import { readTar, type TarWalkOptions, walkOptions } from "../tar/open-tar.ts";
import { OpenedTar } from "../tar/opened-tar.ts";
import type { TarArchive, TarEntry } from "../tar/tar-archive.ts";
import { walkSource } from "../tar/walk-tar.ts";
import type { CondaPackage } from "./conda-package.ts";
import { parseJson } from "./parse-json.ts";

const INDEX_NAME = "info/index.json";

/** How a `.tar.bz2` was opened. */
export interface CondaTarOptions {
  readonly options: TarWalkOptions;
  /** The package closes the source. */
  readonly owned: boolean;
  /** Its members, where an index knew them. */
  readonly listed?: OpenedTar | undefined;
}

/** One way through the package, for all who wait for it. */
interface Listing {
  readonly tar: Promise<OpenedTar>;
  readonly own: AbortController;
  waiting: number;
}

/** A conda package of the older kind: one tar.bz2, whose members are known once somebody needs them all. */
export class CondaTar implements CondaPackage {
  readonly format = "conda" as const;
  readonly formatVersion = 1 as const;
  readonly stem: undefined;
  readonly source: PlannedSource;
  readonly ranges: RangeDict<Entry> = new RangeDict();
  readonly #options: TarWalkOptions;
  readonly #owned: boolean;
  readonly #closing: AbortController = new AbortController();
  readonly #isIndexed: boolean;
  #listed: OpenedTar | undefined;
  #listing: Listing | undefined;

  constructor(source: PlannedSource, { options, owned, listed }: CondaTarOptions) {
    this.source = source;
    this.#options = options;
    this.#owned = owned;
    this.#isIndexed = listed !== undefined;
    this.#listed = listed;
  }

  get entries(): readonly TarEntry[] {
    return this.#known().entries;
  }

  get(name: string): TarEntry {
    return this.#known().get(name);
  }

  toIndex(): ArchiveIndex {
    return { ...this.#known().toIndex(), format: this.format };
  }

  async readMany(entries: readonly Entry[], options?: EntryReadOptions): Promise<Bytes[]> {
    return this.#known().readMany(entries, options);
  }

  async *streamEach(
    entries: readonly Entry[],
    options?: ReadOptions,
  ): AsyncGenerator<EntryStream, void, void> {
    yield* this.#known().streamEach(entries, options);
  }

  async list(options: ReadOptions = {}): Promise<readonly Entry[]> {
    return (await this.#list(options)).entries;
  }

  async metadata({ signal }: ReadOptions = {}): Promise<undefined> {
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
  }

  async index(options: ReadOptions = {}): Promise<unknown> {
    const { name } = this.source;
    const text = await (this.#listed?.get(INDEX_NAME).text(options) ?? this.#findIndex(options));
    return parseJson(text, `${INDEX_NAME} in ${name}`);
  }

  info(options: ReadOptions = {}): Promise<TarArchive> {
    return this.#narrow((name) => name.startsWith("info/"), options);
  }

  pkg(options: ReadOptions = {}): Promise<TarArchive> {
    return this.#narrow((name) => !name.startsWith("info/"), options);
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.source.name));
    await this.#listed?.close();
    if (this.#owned) await this.source.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @throws UNSUPPORTED before its members are known. */
  #known(): OpenedTar {
    if (this.#listed !== undefined) return this.#listed;
    const asked = `Asked for the members of ${this.source.name}`;
    const message = `${asked}: got a compressed tar that was not read through yet; await list() first`;
    throw new RangeStreamsError("UNSUPPORTED", message);
  }

  async #findIndex({ signal }: ReadOptions): Promise<string> {
    const { name } = this.source;
    const signals = [this.#closing.signal, signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: name });
    const limits = resolveLimits(this.#options);
    const walk = { options: this.#options, limits, signal: call.signal, aheadBytes: 0 };
    try {
      call.signal.throwIfAborted();
      for await (const entry of walkSource(this.source, walk)) {
        if (entry.name === INDEX_NAME) return await entry.text();
      }
    } finally {
      call.end();
    }
    const message = `Asked for ${INDEX_NAME} in ${name}: got no member of that name; it is no conda package`;
    throw new RangeStreamsError("NOT_FOUND", message);
  }

  async #narrow(keep: (name: string) => boolean, options: ReadOptions): Promise<TarArchive> {
    const { entries, format } = await this.#list(options);
    const records = entries.filter(({ name }) => keep(name)).map(({ record }) => record);
    const limits = resolveLimits(this.#options);
    return new OpenedTar(this.source, records, {
      walk: walkOptions(this.source, this.#options, limits),
      limits,
      compression: compressionOf(format),
      owned: false,
      isIndexed: this.#isIndexed,
    });
  }

  /** One way through for all that ask meanwhile; it ends when the last of them has gone. */
  async #list({ signal }: ReadOptions): Promise<OpenedTar> {
    const signals = [this.#closing.signal, signal];
    for (const one of signals) one?.throwIfAborted();
    if (this.#listed !== undefined) return this.#listed;
    this.#listing ??= this.#beginListing();
    const listing = this.#listing;
    listing.waiting++;
    try {
      return await waitFor(listing.tar, signals);
    } finally {
      if (--listing.waiting === 0) {
        listing.own.abort();
        if (this.#listing === listing) this.#listing = undefined;
      }
    }
  }

  #beginListing(): Listing {
    const own = new AbortController();
    const reading = readTar(this.source, { ...this.#options, signal: own.signal }, { owned: false });
    const tar = reading.then(async (opened) => {
      if (this.#closing.signal.aborted) await opened.close();
      this.#listed = opened;
      return opened;
    });
    return { tar, own, waiting: 0 };
  }
}
