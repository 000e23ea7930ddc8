import type { HeaderFields } from "./header-fields.ts";

/** What a response says of which representation it is of. Structurally the `Identity` of a Source. */
export interface Validators {
  readonly strength: "strong" | "weak" | "none";
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/**
 * Whether `text` is a strong entity-tag (RFC 9110 section 8.8.3): quoted, printable, no inner quote. Some servers send
 * unquoted tags (seen from old Azure API versions and Artifactory): those compare as opaque text, but are never sent back.
 */
export function isStrongEntityTag(text: string): boolean {
  if (text.length < 2 || text.length > 1024 || text[0] !== '"' || text[text.length - 1] !== '"') return false;
  for (let index = 1; index < text.length - 1; index++) {
    const code = text.charCodeAt(index);
    // etagc = %x21 / %x23-7E / obs-text; obs-text is left out, since it does not survive every client's encoding.
    if (code < 0x21 || code > 0x7e || code === 0x22) return false;
  }
  return true;
}

/** Reads the validators of a response. Strong means a strong ETag and nothing less. */
export function readValidators(headers: HeaderFields): Validators {
  const etag = headers.get("etag") ?? undefined;
  const lastModified = headers.get("last-modified") ?? undefined;
  if (etag !== undefined && isStrongEntityTag(etag)) return { strength: "strong", etag, lastModified };
  if (etag !== undefined || lastModified !== undefined) return { strength: "weak", etag, lastModified };
  return { strength: "none" };
}

/** How a later response compares with the pinned one. */
export type Comparison = "same" | "changed" | "unproven";

/**
 * Compares the validators of a response with those pinned at open. Equal strong ETags decide whatever the dates say. A weak
 * tag says less, so there a Last-Modified that both have must agree too; a weak and a strong tag of one opaque value count
 * as equal (gzip on and off, seen from nginx). Where a validator went missing nothing is proven, and the size is all there
 * is.
 */
export function compareValidators(pinned: Validators, got: Validators): Comparison {
  const dates = compareText(pinned.lastModified, got.lastModified);
  if (pinned.etag !== undefined && got.etag !== undefined) {
    if (opaqueTag(pinned.etag) !== opaqueTag(got.etag)) return "changed";
    if (pinned.strength === "strong" && got.strength === "strong") return "same";
    return dates === "changed" ? "changed" : "same";
  }
  if (dates === "changed") return "changed";
  // A strong tag that went missing is not replaced by a date that merely agrees.
  if (dates === "same" && pinned.strength !== "strong") return "same";
  return pinned.strength === "none" ? "same" : "unproven";
}

function compareText(pinned: string | undefined, got: string | undefined): Comparison {
  if (pinned === undefined || got === undefined) return "unproven";
  return pinned === got ? "same" : "changed";
}

function opaqueTag(etag: string): string {
  return etag.startsWith("W/") ? etag.slice(2) : etag;
}

/** What differs, for a message. */
export function describeChange(pinned: Validators, got: Validators): string {
  if (pinned.etag !== undefined && got.etag !== undefined && pinned.etag !== got.etag) {
    return `ETag ${got.etag.slice(0, 80)} where ${pinned.etag.slice(0, 80)} was pinned`;
  }
  return `Last-Modified ${got.lastModified ?? "none"} where ${pinned.lastModified ?? "none"} was pinned`;
}
