import { RangeStreamsError } from "../errors.ts";

/** What the page that uses a relay may cost in all; a minute begins with the first request after the last one ended. */
export interface RelayLimits {
  /** Bytes of one range at most. Default 16 MiB, twice what the planner of this package asks for at once. */
  readonly maxRangeBytes: number;
  /** Requests in a minute. Default 3,000, *unmeasured*. */
  readonly requestsPerMinute: number;
  /** Bytes of bodies in a minute. Default 2 GiB, *unmeasured*. */
  readonly bytesPerMinute: number;
  /** Requests at once. Default 16: more than the 6 that a browser opens to one host. *Unmeasured*. */
  readonly maxConcurrent: number;
  /** Milliseconds from a request to the head of the answer, names, connecting and redirects included. Default 15,000, *unmeasured*. */
  readonly headersMs: number;
  /** Milliseconds without a byte, on either side. Default 30,000, *unmeasured*. */
  readonly idleMs: number;
  /** Milliseconds for one request as a whole. Default 120,000, *unmeasured*. */
  readonly totalMs: number;
}

/** Options of {@link startRelay}. */
export interface RelayOptions {
  /** Of the one page that may use it, for instance `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Where to listen, on loopback in any case. Default: a free port. */
  readonly port?: number | undefined;
  /** Ports of servers that may be asked, beside 80 and 443. */
  readonly upstreamPorts?: readonly number[] | undefined;
  /** What the page may cost in all; each has a default, see {@link RelayLimits}. */
  readonly limits?: Partial<RelayLimits> | undefined;
}

/** A relay that runs. */
export interface Relay extends AsyncDisposable {
  /**
   * Where it listens, for `relayClient`: `http://127.0.0.1:PORT/relay/TOKEN`. Whoever knows it, and can send any Origin, can use
   * the relay: it is a secret of this run.
   */
  readonly url: string;
  /** Cuts every exchange and frees the port. Twice is fine. */
  close(): Promise<void>;
}

/** Options, checked and complete. */
export interface RelaySettings {
  readonly origin: string;
  readonly port: number;
  readonly upstreamPorts: ReadonlySet<number>;
  readonly limits: RelayLimits;
}

const DEFAULT_LIMITS: RelayLimits = {
  maxRangeBytes: 16 * 1024 * 1024,
  requestsPerMinute: 3000,
  bytesPerMinute: 2 * 1024 * 1024 * 1024,
  maxConcurrent: 16,
  headersMs: 15_000,
  idleMs: 30_000,
  totalMs: 120_000,
};

/** @throws INVALID_ARGUMENT for an option that cannot be meant. */
export function resolveRelaySettings(options: RelayOptions): RelaySettings {
  const { origin, port = 0, upstreamPorts = [], limits = {} } = options;
  if (!isOrigin(origin)) throw badOption("origin", "an origin such as http://127.0.0.1:8080");
  if (!isPort(port) && port !== 0) throw badOption("port", "a port number, or 0 for a free one");
  if (!upstreamPorts.every(isPort)) throw badOption("upstreamPorts", "port numbers from 1 to 65,535");
  return {
    origin,
    port,
    upstreamPorts: new Set([80, 443, ...upstreamPorts]),
    limits: resolveLimits(limits),
  };
}

function resolveLimits(limits: Partial<RelayLimits>): RelayLimits {
  const resolved = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof RelayLimits)[]) {
    const value = limits[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < 1)
      throw badOption(`limits.${name}`, "a whole number from 1 on");
    resolved[name] = value;
  }
  return resolved;
}

function isOrigin(text: unknown): text is string {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const { origin, protocol } = new URL(text);
  return origin === text && (protocol === "http:" || protocol === "https:");
}

function isPort(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= 65_535;
}

function badOption(name: string, wanted: string): RangeStreamsError {
  return new RangeStreamsError("INVALID_ARGUMENT", `The option ${name} is not usable: it must be ${wanted}`);
}
