import { createTransport, fetchOf } from "#transport";
import type { Capabilities } from "./capabilities.ts";
import { Deadlines } from "./deadlines.ts";
import { createFetchTransport } from "./fetch-transport.ts";
import { LinkEstimator } from "./link-estimate.ts";
import { OriginHealth } from "./origin-health.ts";
import { RequestQueue } from "./request-queue.ts";
import type { ChooseProxy, Client, Transport } from "./transport.ts";
import { parseHttpUrl } from "./url.ts";

/** Who sends the requests: what sources have in common that share an origin. */
export interface OriginWay {
  readonly client?: Client | undefined;
  /** Never beside a client. */
  readonly proxy?: ChooseProxy | undefined;
}

/** What all sources of one origin (and one client or proxy) share: the connections to it and what was learned about it. */
export interface Origin {
  /** `scheme://host:port`. */
  readonly origin: string;
  readonly transport: Transport;
  readonly queue: RequestQueue;
  readonly health: OriginHealth;
  /** What its answers have shown; changes as they come. */
  readonly capabilities: Capabilities;
  /** What its answers have shown of the way to it. */
  readonly link: LinkEstimator;
  /** The time limits of all exchanges with it. */
  readonly clock: Deadlines;
}

interface Entry extends Origin {
  users: number;
}

/**
 * The one mutable thing at module level: origins in use, by client or choice of proxies, and origin. An entry goes, and its idle
 * connections with it, when the last source that used it closes.
 */
const registry = new Map<Client | ChooseProxy | undefined, Map<string, Entry>>();

/** Takes part in an origin, which is made on first use. Each call needs one {@link releaseOrigin}. */
export function retainOrigin(origin: string, way: OriginWay): Origin {
  const key = way.client ?? way.proxy;
  const ofWay = registry.get(key) ?? new Map<string, Entry>();
  // This fails for a proxy that cannot be used: nothing is noted before.
  const entry = ofWay.get(origin) ?? makeEntry(origin, way);
  registry.set(key, ofWay);
  ofWay.set(origin, entry);
  entry.users++;
  return entry;
}

/** Gives an origin back; the last one out closes its connections. */
export function releaseOrigin(origin: string, { client, proxy }: OriginWay): void {
  const key = client ?? proxy;
  const ofWay = registry.get(key);
  const entry = ofWay?.get(origin);
  if (ofWay === undefined || entry === undefined) return;
  entry.users--;
  if (entry.users > 0) return;
  ofWay.delete(origin);
  if (ofWay.size === 0) registry.delete(key);
  entry.transport.close();
  entry.clock.clear();
}

/**
 * What is known of the server of `url`, a copy. Sends nothing. Undefined while no source of that origin is open with that `client`
 * (or `proxy`), which is the very one its option named. After a redirect to another origin ask with the final URL.
 *
 * @throws INVALID_ARGUMENT for what is no absolute http(s) URL.
 */
export function capabilitiesOf(url: string | URL, client?: Client | ChooseProxy): Capabilities | undefined {
  const { origin } = parseHttpUrl(url);
  const entry = registry.get(client)?.get(origin);
  return entry === undefined ? undefined : { ...entry.capabilities };
}

/** How many origins are in use: 0 when every source is closed. */
export function originsInUse(): number {
  let count = 0;
  for (const ofWay of registry.values()) count += ofWay.size;
  return count;
}

function makeEntry(origin: string, { client, proxy }: OriginWay): Entry {
  const clock = new Deadlines();
  const fetchLike = client && fetchOf(client);
  const transport = fetchLike ? createFetchTransport(fetchLike) : createTransport(origin, clock, proxy);
  return {
    origin,
    transport,
    clock,
    queue: new RequestQueue(),
    health: new OriginHealth(),
    capabilities: {},
    link: new LinkEstimator({ secure: origin.startsWith("https:") }),
    users: 0,
  };
}
