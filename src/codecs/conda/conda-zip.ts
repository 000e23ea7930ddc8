import type { Range } from "../../ranges/range.ts";
import { beginCall, type Call } from "../../source/call.ts";
import { closedError } from "../../source/closed-error.ts";
import type { ReadOptions } from "../../source/source.ts";
import type { Entry } from "../archive.ts";
import { readTar, type TarWalkOptions } from "../tar/open-tar.ts";
import type { TarArchive } from "../tar/tar-archive.ts";
import type { ZipArchive, ZipEntry } from "../zip/zip-archive.ts";
import { ZipPackage } from "../zip/zip-package.ts";
import type { CondaPackage } from "./conda-package.ts";
import type { CondaParts } from "./conda-parts.ts";
import { parseJson } from "./parse-json.ts";

/**
 * A part up to this size is fetched whole when it is opened, header and data in one request, and held: listing it needs all of it in any
 * case. Of a larger one the header is a request of its own, and the data flow. 8 MiB, and a header; *unmeasured*.
 */
const MAX_HELD_PART_BYTES = 9 * 1024 * 1024;

/** How a `.conda` was opened. */
export interface CondaZipOptions {
  readonly parts: CondaParts;
  /** The limits, which the parts have too. */
  readonly options: TarWalkOptions;
  /** The package closes the source of its zip, where the zip does not. */
  readonly owned: boolean;
}

/** A `.conda`. */
export class CondaZip extends ZipPackage implements CondaPackage {
  readonly format = "conda" as const;
  readonly formatVersion = 2 as const;
  readonly stem: string;
  readonly #parts: CondaParts;
  readonly #options: TarWalkOptions;
  readonly #closing: AbortController = new AbortController();

  constructor(zip: ZipArchive, { parts, options, owned }: CondaZipOptions) {
    super(zip, owned);
    this.stem = parts.stem;
    this.#parts = parts;
    this.#options = options;
  }

  async list(options: ReadOptions = {}): Promise<readonly Entry[]> {
    return this.#call(options, async () => this.entries);
  }

  async metadata(options: ReadOptions = {}): Promise<unknown> {
    const text = await this.#parts.metadata.text(options);
    return text.trim() === "" ? undefined : parseJson(text, `metadata.json in ${this.source.name}`);
  }

  async index(options: ReadOptions = {}): Promise<unknown> {
    const info = await this.info(options);
    try {
      const text = await info.get("info/index.json").text(options);
      return parseJson(text, `info/index.json in ${this.source.name}`);
    } finally {
      await info.close();
    }
  }

  info(options: ReadOptions = {}): Promise<TarArchive> {
    return this.#open(this.#parts.info, options);
  }

  pkg(options: ReadOptions = {}): Promise<TarArchive> {
    return this.#open(this.#parts.pkg, options);
  }

  override async close(): Promise<void> {
    if (!this.#closing.signal.aborted) this.#closing.abort(closedError(this.source.name));
    await super.close();
  }

  #open(part: ZipEntry, options: ReadOptions): Promise<TarArchive> {
    return this.#call(options, async ({ signal }) => {
      const span = this.#spanOf(part);
      if (span !== undefined && span.length <= mayHoldBytes(this.#options)) {
        await this.source.read(span, { signal, expect: "random", divide: false });
      }
      const source = await part.source({ signal });
      // Parts are one frame of zstd, without a seek table to look for.
      const checkpointBytes = Number.POSITIVE_INFINITY;
      return readTar(source, { ...this.#options, signal, checkpointBytes }, { owned: true });
    });
  }

  /** Its header and its data, of one that is read in place. */
  #spanOf(part: ZipEntry): Range | undefined {
    if (part.method !== "store") return undefined;
    for (const [range, entry] of this.ranges) if (entry === part) return range;
    return undefined;
  }

  async #call<T>({ signal }: ReadOptions, work: (call: Call) => Promise<T>): Promise<T> {
    const signals = [this.#closing.signal, signal];
    const call = beginCall({ signals, totalMs: Number.POSITIVE_INFINITY, url: this.source.name });
    try {
      call.signal.throwIfAborted();
      return await work(call);
    } finally {
      call.end();
    }
  }
}

/** What would be forgotten at once would be fetched twice. */
function mayHoldBytes({ cache }: TarWalkOptions): number {
  return cache === false ? 0 : Math.min(MAX_HELD_PART_BYTES, cache?.maxBytes ?? MAX_HELD_PART_BYTES);
}
