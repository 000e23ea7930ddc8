import { type IncomingHttpHeaders, request } from "node:http";
import type { RelayNetwork } from "../../src/relay/relay-network.node.ts";
import type { Relay, RelayOptions } from "../../src/relay/relay-options.ts";
import { serveRelay } from "../../src/relay/serve-relay.node.ts";

/** The page of every test. */
export const PAGE = "http://127.0.0.1:8080";

/** What a relay answered. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of the error that the relay told of, if it did. */
  readonly code: string | undefined;
}

/** A request as the page sends it, but for what is given; undefined leaves a field out. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string;
  /** Instead of the path of the relay. */
  readonly path?: string;
  readonly signal?: AbortSignal;
}

/** Asks a relay for a URL: the first ten bytes, unless told otherwise. */
export function askRelay(relay: Relay, url: string, asking: Asking = {}): Promise<Answered> {
  const { hostname, port, pathname } = new URL(relay.url);
  const given = { origin: PAGE, range: "bytes=0-9", ...asking.headers };
  const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const path = asking.path ?? `${pathname}?url=${encodeURIComponent(url)}`;
  return new Promise((resolve, reject) => {
    const { method = "GET", body, signal } = asking;
    const options = {
      hostname,
      port,
      path,
      method,
      headers,
      agent: false as const,
      ...(signal && { signal }),
    };
    request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers: fields } = response;
        const code = fields["relay-error"] as string | undefined;
        resolve({ status, headers: fields, body: Buffer.concat(chunks), code });
      });
    })
      .on("error", reject)
      .end(body);
  });
}

/** A network in which every name leads to 127.0.0.1, and nothing else is allowed. */
const LOOPBACK: RelayNetwork = {
  lookup: async () => [{ address: "127.0.0.1", family: 4 }],
  isAllowed: (address) => address === "127.0.0.1",
};

/** A relay of which the public internet is this machine. */
export function startLocalRelay(
  servers: readonly { readonly url: string }[],
  options: Partial<RelayOptions> = {},
  network: Partial<RelayNetwork> = {},
): Promise<Relay> {
  const upstreamPorts = servers.map(({ url }) => Number(new URL(url).port));
  return serveRelay({ origin: PAGE, upstreamPorts, ...options }, { ...LOOPBACK, ...network });
}

/** The URL of a server of this machine, by a name. */
export function byName(server: { readonly url: string }, path: string, host = "files.example"): string {
  return `http://${host}:${new URL(server.url).port}${path}`;
}
