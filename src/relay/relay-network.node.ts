import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { HttpError } from "../errors.ts";
import { redactUrl } from "../source/url.ts";
import { isPublicAddress } from "./public-address.node.ts";

/** How a relay reaches servers. Another one than {@link PUBLIC_NETWORK} is for tests, whose servers are on loopback. */
export interface RelayNetwork {
  /** All addresses of a name. */
  lookup(host: string): Promise<readonly LookupAddress[]>;
  /** Whether a server at this address may be asked. */
  isAllowed(address: string): boolean;
  /** Who vouches for servers, where it is not who the platform trusts. */
  readonly ca?: string | undefined;
}

/** The public internet, by the names that this machine knows. */
export const PUBLIC_NETWORK: RelayNetwork = {
  lookup: (host) => lookup(host, { all: true }),
  isAllowed: (address) => isPublicAddress(address),
};

/** The error of a host or URL that must not be asked. Which address a name has is not told. */
export function blockedError(target: string): HttpError {
  const url = URL.canParse(target) ? redactUrl(target) : target;
  const got = "a server that is not on the public internet, or a port that may not be asked";
  return new HttpError("BLOCKED_ADDRESS", `GET ${url}: got ${got}; a relay goes nowhere else`, { url });
}
