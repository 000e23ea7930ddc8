import type { ErrorCode } from "../errors.ts";
import type { Validators } from "../http/validators.ts";
import type { Range } from "../ranges/range.ts";
import type { RedirectStep } from "./diagnosis.ts";

/** What one answer was, as plain data: all that rules look at. */
export interface Seen {
  /** `bytes=0-7`, `HEAD`: for messages. */
  readonly asked: string;
  /** Undefined where no answer came: then `fault` says why. */
  readonly status: number | undefined;
  /** Why a reader would not take this answer; undefined where it would. */
  readonly fault: ErrorCode | undefined;
  /** The header fields that rules look at, by lower-case name, cut to a readable length. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The answer to a GET of one range. */
export interface RangeSeen extends Seen {
  /** As asked, where it was asked by its ends; the file may end earlier. */
  readonly range: Range | undefined;
  /** Where the bytes of the body lie; undefined with a fault. */
  readonly span: Range | undefined;
  /** The bytes that were asked for, as far as the file goes. */
  readonly wanted: Range | undefined;
  /** Bytes in the file. */
  readonly total: number | undefined;
  readonly validators: Validators;
  /** A validator that the first answer bore is missing. */
  readonly unproven: boolean;
  /** It came as the one part of a multipart body. */
  readonly asPart: boolean;
  /** How the body compares with the span: `left` was not read to its end. */
  readonly body: "whole" | "short" | "long" | "left";
  /** The bytes of `span`, as far as they came. */
  readonly bytes: Uint8Array;
}

/** The answer to a GET of two ranges. */
export interface ListSeen extends Seen {
  /** The right parts and no other came. */
  readonly parts: boolean;
}

/** The answer to a HEAD. */
export interface HeadSeen extends Seen {
  /** Its Content-Length. */
  readonly length: number | undefined;
}

/** What a page of another origin would meet. */
export interface CorsSeen {
  readonly origin: string;
  readonly get: Seen;
  /** The fields of each redirect on the way. */
  readonly hops: readonly Seen["fields"][];
  readonly preflight: Seen | undefined;
  /** Header names of the caller's that need a preflight, sorted. */
  readonly custom: readonly string[];
}

/** Everything that the probes brought; undefined where one was not sent. */
export interface Observed {
  readonly first: RangeSeen;
  /** The file has no bytes, so that no range of it can be asked for. */
  readonly empty: boolean;
  /** What the URL's path ends with says that a web page is meant. */
  readonly pageExpected: boolean;
  /** A GET without Range, where the first was refused. */
  readonly plain?: Seen | undefined;
  /** Other bytes of the first range once more. */
  readonly second?: RangeSeen | undefined;
  readonly suffix?: RangeSeen | undefined;
  readonly list?: ListSeen | undefined;
  readonly head?: HeadSeen | undefined;
  readonly rightIfMatch?: RangeSeen | undefined;
  readonly wrongIfMatch?: RangeSeen | undefined;
  readonly rightIfRange?: RangeSeen | undefined;
  readonly wrongIfRange?: RangeSeen | undefined;
  /** With Accept-Encoding: gzip, br. */
  readonly coded?: RangeSeen | undefined;
  readonly cors?: CorsSeen | undefined;
  readonly redirects: readonly RedirectStep[];
  /** That of the given URL, without credentials. */
  readonly proxy?: string | undefined;
  readonly keepAlive: boolean | undefined;
  /** The platform hid fields from us. */
  readonly filtered: boolean;
  readonly stopped: "time" | "rate" | undefined;
}
