import { type OpenInput, openSource } from "../../open.ts";
import type { Range } from "../../ranges/range.ts";
import type { ReadOptions } from "../../source/source.ts";
import { type ArchiveIndex, resolveLimits } from "../archive.ts";
import { closeOnFailure } from "../archive-source.ts";
import { openZip, readZip, type ZipOptions } from "../zip/open-zip.ts";
import { TAIL_BYTES } from "../zip/read-directory.ts";
import type { ZipArchive } from "../zip/zip-archive.ts";
import { ZipPackage, zipIndexOf } from "../zip/zip-package.ts";
import { parseFields } from "./wheel-fields.ts";
import type { WheelPackage, WheelRecord } from "./wheel-package.ts";
import { findWheelParts, type WheelParts } from "./wheel-parts.ts";
import { parseRecord } from "./wheel-record.ts";

/**
 * Options of {@link openWheel}: those of opening, and how much of a stranger's package is believed. There is no `probe`: the first request
 * is always for the end of the file.
 */
export interface WheelOptions extends ZipOptions {
  /** An index of this wheel, made by `toIndex()`, as that of {@link ZipOptions}. */
  index?: ArchiveIndex | undefined;
}

/** METADATA and its like; RECORD, which mostly lies behind them, is about half as long as the directory: a hash and a path a file. */
const DIST_INFO_BYTES = 32 * 1024;
/** Above this, a request of its own for METADATA costs less than the bytes. *Unmeasured*. */
const MAX_AHEAD_BYTES = 256 * 1024;

/**
 * Opens a wheel (binary distribution format) from one request for its last 64 KiB; a larger directory costs one more. Writers put the
 * `.dist-info` last, so METADATA comes with the directory, as a rule, and is one request else. A source handed in stays open when the
 * package closes.
 *
 * @throws FORMAT for what is no zip, or has no `.dist-info` with WHEEL and METADATA, AMBIGUOUS where it has several, and whatever `openZip` throws.
 */
export async function openWheel(input: OpenInput, options: WheelOptions = {}): Promise<WheelPackage> {
  resolveLimits(options);
  if (options.index !== undefined) {
    const index = zipIndexOf(options.index, "wheel");
    return wheelOf(await openZip(input, { ...options, index }));
  }
  const source = await openSource(input, { ...options, probe: { suffix: TAIL_BYTES } });
  // A PlannedSource comes back as it is: that one is not ours to close.
  const owned = source !== input;
  const aheadBytes = ({ length }: Range): number =>
    Math.min(MAX_AHEAD_BYTES, DIST_INFO_BYTES + Math.ceil(length / 2));
  const zip = await readZip(source, options, { owned, aheadBytes });
  return wheelOf(zip);
}

/** The wheel that a zip is, which is closed where it is none. */
function wheelOf(zip: ZipArchive): Promise<WheelPackage> {
  return closeOnFailure(zip, () => new Wheel(zip, findWheelParts(zip)));
}

/** A zip that is a wheel. */
export class Wheel extends ZipPackage implements WheelPackage {
  readonly format = "wheel" as const;
  readonly distInfo: string;
  readonly #parts: WheelParts;

  /** It closes the zip. */
  constructor(zip: ZipArchive, parts: WheelParts) {
    super(zip, false);
    this.distInfo = parts.distInfo;
    this.#parts = parts;
  }

  metadata(options: ReadOptions = {}): Promise<string> {
    return this.#parts.metadata.text(options);
  }

  async fields(options: ReadOptions = {}): Promise<ReadonlyMap<string, readonly string[]>> {
    return parseFields(await this.metadata(options), `METADATA of ${this.source.name}`);
  }

  async record(options: ReadOptions = {}): Promise<readonly WheelRecord[]> {
    const text = await this.get(`${this.distInfo}/RECORD`).text(options);
    return parseRecord(text, `RECORD of ${this.source.name}`);
  }
}
