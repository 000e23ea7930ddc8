import type { HeaderFields } from "./header-fields.ts";
import type { ListAsk, RangeAsk } from "./range-header.ts";
import type { Validators } from "./validators.ts";

/** The head of a response, before a byte of its body was touched. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderFields;
  /** The platform hides fields from us (a cross-origin answer in a browser). */
  readonly filtered: boolean;
}

/** What was settled by the first useful response, and every later one must match. */
export interface Pinned {
  readonly validators: Validators;
  /** Bytes in the representation; undefined while the server keeps it secret. */
  readonly size: number | undefined;
}

/** What a response is held against. */
export interface Expectation<Ask extends RangeAsk | ListAsk = RangeAsk> {
  /** For messages; secrets removed. */
  readonly url: string;
  readonly ask: Ask;
  /** Undefined for the first response of a session. */
  readonly pinned?: Pinned | undefined;
  /** `ignore` compares nothing, `strict` refuses what is not proven. */
  readonly identity: "verify" | "strict" | "ignore";
}
