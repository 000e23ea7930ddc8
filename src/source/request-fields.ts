import { formatRangeHeader, type ListAsk, type RangeAsk } from "../http/range-header.ts";
import type { HttpTarget } from "./url.ts";

/** What decides which fields a request carries. */
export interface RequestFieldsInput {
  readonly target: HttpTarget;
  /** The caller's own fields, lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** The request goes to another origin than that of the URL given. */
  readonly foreign: boolean;
  readonly ask: RangeAsk | ListAsk | undefined;
  /** The entity-tag of an If-Match. */
  readonly condition: string | undefined;
}

/**
 * Who gets what: the caller's fields and userinfo go to the origin of the given URL alone (a platform's fetch would drop only
 * Authorization and Cookie on the way to another); Range, Accept-Encoding and the condition go to every hop, and a caller's own
 * of those are overridden. Only `identity` makes the positions of a range mean the same to both sides (RFC 9110 section 14.1.2).
 */
export function requestFields(input: RequestFieldsInput): Map<string, string> {
  const { target, headers, foreign, ask, condition } = input;
  const fields = new Map<string, string>();
  if (!foreign) {
    if (target.authorization !== undefined) fields.set("authorization", target.authorization);
    headers.forEach((value, name) => fields.set(name, value));
  }
  fields.set("accept-encoding", "identity");
  fields.delete("range");
  if (ask !== undefined) fields.set("range", formatRangeHeader(ask));
  if (condition !== undefined) fields.set("if-match", condition);
  return fields;
}
