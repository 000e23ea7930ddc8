import type { Finding } from "./diagnosis.ts";
import { finding } from "./finding.ts";
import type { Observed, RangeSeen } from "./observations.ts";

/** How surely answers can be told to be of one file. */
export function findIdentity(observed: Observed): Finding[] {
  const { first, second } = observed;
  if (second?.fault === "CHANGED") return [findChange(first, second)];
  if (second?.unproven) {
    return [
      finding("validators-vanish", {
        what: `Not every answer bears the validators of the first: ${describe(first)} at first, then ${describe(second)}.`,
        cost: "A change between two reads may go unnoticed; `identity: 'strict'` refuses this server.",
        remedy: "Send the same ETag with every 200 and 206, from every server behind this name.",
      }),
    ];
  }
  const { strength, etag } = first.validators;
  if (strength === "strong" || first.fault !== undefined) return [];
  if (strength === "none") return [noValidators(observed.filtered)];
  if (etag !== undefined && !etag.startsWith("W/")) {
    return [
      finding("unquoted-etag", {
        what: `The ETag is not valid: ${etag.slice(0, 80)} (it needs double quotes around printable characters).`,
        cost: "It is compared and never sent back, so a change is found only after bytes have come; caches may ignore it.",
        remedy: 'Put it in double quotes: `ETag: "…"` (RFC 9110 section 8.8.3).',
      }),
    ];
  }
  return [weakValidators(first)];
}

function noValidators(filtered: boolean): Finding {
  return finding("no-validators", {
    what: "Answers bear neither ETag nor Last-Modified.",
    cost: "If the file is replaced by one of the same size between two reads, nobody can notice; `identity: 'strict'` refuses this server.",
    remedy: filtered
      ? "Send a strong `ETag`, and let pages see it: `Access-Control-Expose-Headers: Content-Range, ETag`."
      : 'Send a strong `ETag: "…"`, such as a hash or a version of the file.',
  });
}

function weakValidators(first: RangeSeen): Finding {
  const { etag } = first.validators;
  return finding("weak-validators", {
    what:
      etag === undefined
        ? "Answers bear a Last-Modified date and no ETag."
        : `The ETag is weak: ${etag.slice(0, 80)}.`,
    cost: "Parts are combined on weaker proof, no If-Match can stop a read of a changed file early, and `identity: 'strict'` refuses this server.",
    remedy:
      etag === undefined
        ? "Send a strong `ETag` as well."
        : "Send a strong `ETag`: turn off on-the-fly compression for this file, which weakens it in nginx and Apache.",
  });
}

function findChange(first: RangeSeen, second: RangeSeen): Finding {
  return finding("validators-change", {
    what: `Two answers, one after the other, are of different versions: ${describeVersion(first)}, then ${describeVersion(second)}.`,
    cost: "Reads fail with CHANGED: parts of two versions are never mixed.",
    remedy:
      "Make every server behind this name send the same ETag for the same bytes (in Apache `FileETag MTime Size`, without INode); or wait until the file is no longer being written.",
  });
}

function describeVersion(seen: RangeSeen): string {
  const range = seen.fields["content-range"];
  return range === undefined ? describe(seen) : `${describe(seen)} with Content-Range ${range.slice(0, 80)}`;
}

function describe({ validators: { etag, lastModified } }: RangeSeen): string {
  if (etag !== undefined) return `ETag ${etag.slice(0, 80)}`;
  return lastModified === undefined ? "no validator" : `Last-Modified ${lastModified}`;
}
