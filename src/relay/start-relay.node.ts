import type { Relay, RelayOptions } from "./relay-options.ts";

/**
 * Starts a relay on 127.0.0.1, by which one page reads ranges of files whose servers send no CORS headers: `relayClient(relay.url)` is
 * the `client` that uses it. It hands on single ranges from http(s) servers on the public internet, ports 80 and 443 unless
 * told otherwise, and nothing else: no cookies, no credentials, no page's own fields, no content type. Addresses are checked when a
 * name is resolved, when a connection stands, and at every redirect. No request is sent before a page asks; while it runs it
 * keeps the process alive.
 *
 * What a page is told by `relayClient`: BLOCKED_ADDRESS, INVALID_ARGUMENT, INVALID_RANGE, LIMIT, RATE_LIMITED and the errors of any reading.
 *
 * @throws INVALID_ARGUMENT for an option that cannot be meant; what the system says where the port is taken.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  // Loaded when it is wanted: the door is imported by programs that start no server.
  const [{ serveRelay }, { PUBLIC_NETWORK }] = await Promise.all([
    import("./serve-relay.node.ts"),
    import("./relay-network.node.ts"),
  ]);
  return serveRelay(options, PUBLIC_NETWORK);
}
