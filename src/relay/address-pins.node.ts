import type { LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { blockedError, type RelayNetwork } from "./relay-network.node.ts";

/** Names of which the addresses are remembered. */
const MAX_PINS = 256;

/**
 * The addresses of hosts, each resolved once and checked before anything is sent there. They stay what they were, so that a name
 * cannot turn to another server between one range and the next, until connecting to them fails.
 */
export class AddressPins {
  readonly #network: RelayNetwork;
  readonly #pins = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(network: RelayNetwork) {
    this.#network = network;
  }

  /**
   * The addresses of a name, or of an address the one itself.
   *
   * @throws BLOCKED_ADDRESS where any of them is not allowed; whatever the system says of a name that it does not know.
   */
  addressesOf(host: string): Promise<readonly LookupAddress[]> {
    const known = this.#pins.get(host);
    if (known !== undefined) return known;
    const [oldest] = this.#pins.keys();
    if (this.#pins.size >= MAX_PINS && oldest !== undefined) this.#pins.delete(oldest);
    const pin = this.#resolve(host);
    this.#pins.set(host, pin);
    pin.catch(() => this.forget(host));
    return pin;
  }

  forget(host: string): void {
    this.#pins.delete(host);
  }

  async #resolve(host: string): Promise<readonly LookupAddress[]> {
    const family = isIP(host);
    const found = family === 0 ? await this.#network.lookup(host) : [{ address: host, family }];
    // One address that is not allowed is enough: which of several is taken would be a matter of chance.
    const allowed = found.length > 0 && found.every(({ address }) => this.#network.isAllowed(address));
    if (!allowed) throw blockedError(host);
    return found;
  }
}
