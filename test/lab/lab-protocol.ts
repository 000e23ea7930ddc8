import type { MisbehaviourRule } from "../../src/testing/misbehaviours.ts";
import type { RangeServerOptions } from "../../src/testing/range-server.node.ts";

/** A file as JSON can carry it. */
export type WireContent = { base64: string } | { pattern: number; seed: number } | { text: string };

/** A file of a lab: content, and what the server is to say of it. */
export interface WireFile {
  content: WireContent;
  etag?: string | null | undefined;
  /** Milliseconds since 1970. */
  lastModified?: number | null | undefined;
  contentType?: string | undefined;
  headers?: Record<string, string> | undefined;
}

/** A misbehaviour that JSON can carry: no functions. */
type WireMisbehaviour = MisbehaviourRule["name"] | Omit<MisbehaviourRule, "on">;

/** What a lab is started with. */
export interface WireOptions
  extends Pick<
    RangeServerOptions,
    "latencyMs" | "bytesPerSecond" | "linkBytesPerSecond" | "gzip" | "cors" | "profile" | "maxRanges"
  > {
  files: Record<string, WireFile>;
  misbehave?: WireMisbehaviour | readonly WireMisbehaviour[] | undefined;
}

/** What a started lab answers with. */
export interface WireLab {
  id: number;
  url: string;
}
