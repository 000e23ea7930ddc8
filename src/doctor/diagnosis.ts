import type { Capabilities } from "../source/capabilities.ts";
import type { Timeouts } from "../source/http-link.ts";
import type { Identity } from "../source/source.ts";
import type { ChooseProxy, Client } from "../source/transport.ts";
import type { FindingLevel, FindingName, FindingTopic } from "./finding-names.ts";

/** What is asked of the doctor. */
export interface DiagnoseOptions {
  /** Any fetch-compatible function, or an object with a `fetch` method. Default: the platform's best. */
  client?: Client | undefined;
  /** Which HTTP proxy probes go through, as the option of this name of `openSource`; in Node alone. */
  proxy?: ChooseProxy | undefined;
  /** Sent to the origin of the given URL alone. */
  headers?: RequestInit["headers"];
  /** As in fetch; for the origin of the given URL alone. */
  credentials?: RequestInit["credentials"];
  /** Ends the diagnosis, which rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** Milliseconds. Defaults: connect 10 s, headers 15 s, idle 15 s, total 60 s for the whole diagnosis; all *unmeasured*. */
  timeouts?: Partial<Timeouts> | undefined;
  /**
   * `https://app.example`: also finds out what a page of that origin may read (CORS), by two more requests. Not in a browser,
   * which lets nobody speak for another origin.
   */
  origin?: string | undefined;
}

/** What a page of one origin may do with the file. */
export interface CorsFacts {
  /** That of the option `origin`. */
  readonly origin: string;
  /** The page may read answers at all. Undefined where the probe got no answer. */
  readonly allowed: boolean | undefined;
  /** Fields that answers bear and the page cannot see, of Content-Range, ETag, Accept-Ranges and Content-Length. */
  readonly hidden: readonly string[];
  /** A preflight for Range and the caller's own headers is granted. Undefined where the probe got no answer. */
  readonly preflight: boolean | undefined;
}

/** One redirect on the way to the file. */
export interface RedirectStep {
  /** The status code; undefined where the platform followed it by itself. */
  readonly status: number | undefined;
  /** Where it led; secrets removed. */
  readonly url: string;
}

/** What answers showed; undefined where none did, for instance because ranges do not work at all. */
export interface DiagnosisFacts {
  /** Bytes in the file. */
  readonly size: number | undefined;
  /** The Content-Type field. */
  readonly contentType: string | undefined;
  /** The Server field. */
  readonly server: string | undefined;
  /** Of the first answer. */
  readonly validators: Identity;
  /** Every answer bore the validators of the first. */
  readonly stable: boolean | undefined;
  /** Ranges are honoured, and answers prove it. */
  readonly ranges: boolean | undefined;
  /** `bytes=-n` works. */
  readonly suffix: boolean | undefined;
  /** Several ranges in one request come as several parts. */
  readonly multiRange: boolean | undefined;
  /** HEAD works and tells the right size. */
  readonly head: boolean | undefined;
  /** If-Match lets the right ETag pass and stops a wrong one. */
  readonly ifMatch: boolean | undefined;
  /** If-Range lets the right ETag pass and answers a wrong one with the whole file. */
  readonly ifRange: boolean | undefined;
  /** The content coding of answers: of all (although none was accepted), or only to clients that accept one. */
  readonly coding: { readonly always: string | undefined; readonly onRequest: string | undefined };
  /** In the order they were followed. */
  readonly redirects: readonly RedirectStep[];
  /** The HTTP proxy of the given URL, without credentials; undefined where the option `proxy` gave none. */
  readonly proxy: string | undefined;
  /** One connection serves several requests. */
  readonly keepAlive: boolean | undefined;
  /** Only with the option `origin`. */
  readonly cors?: CorsFacts | undefined;
}

/** One thing that a server does, in plain words. */
export interface Finding {
  /** What to program against; `docs/guide/doctor.md` explains each. */
  readonly name: FindingName;
  /** `problem`: costs bytes, requests or certainty. `advice`: could be better. `note`: good to know. */
  readonly level: FindingLevel;
  /** What it concerns, such as `ranges` or `cors`. */
  readonly topic: FindingTopic;
  /** What the server does. */
  readonly what: string;
  /** What that costs a reader. */
  readonly cost: string;
  /** Which header or setting mends it. */
  readonly remedy: string;
}

/** What the doctor found out about one URL. Plain data. */
export interface Diagnosis {
  /** Secrets removed. */
  readonly url: string;
  /**
   * `unusable`: parts of this file cannot be read from here (with `origin`: by pages of that origin). `limited`: they can, at a
   * cost. `good`: nothing but advice.
   */
  readonly verdict: "good" | "limited" | "unusable";
  /** What answers showed. */
  readonly facts: DiagnosisFacts;
  /** Problems first. */
  readonly findings: readonly Finding[];
  /** For the option `capabilities` of `openSource`, which then need not learn the same again. */
  readonly capabilities: Capabilities;
  /** HTTP requests that were sent, redirects included. */
  readonly requests: number;
  /** Bytes of bodies that were taken; what was still on its way of one that was left is not among them. */
  readonly bytesReceived: number;
}
