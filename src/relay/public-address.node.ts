import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/**
 * What is not public of IPv4, from the registry of special-purpose addresses (IANA, RFC 6890), multicast and what is reserved; and one
 * public address under which a cloud answers its own machines alone.
 */
const SPECIAL_IPV4: readonly (readonly [network: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Of IPv6 only this is public at all (RFC 4291 section 2.4): what maps or embeds IPv4 outside of it is thereby refused. */
const GLOBAL_IPV6 = ["2000::", 3] as const;
/** NAT64 (RFC 6052): the way to IPv4 from a network that has IPv6 alone, and as public as the address it embeds. */
const NAT64 = "64:ff9b::";
/** Within them: protocols and Teredo, documentation, 6to4, a sink for names. The tunnels embed IPv4 addresses, and are given up. */
const SPECIAL_IPV6: readonly (readonly [network: string, prefix: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];

/** Names for machines near by (RFC 6761, 6762, 8375), and what clouds call their own (`metadata.google.internal`). */
const LOCAL_NAMES: readonly string[] = ["localhost", "local", "internal", "home.arpa"];

// Apart, since Node takes an IPv4 address for a member of the IPv6 networks that map it.
const specialIpv4 = new BlockList();
const globalIpv6 = new BlockList();
const specialIpv6 = new BlockList();
globalIpv6.addSubnet(...GLOBAL_IPV6, "ipv6");
globalIpv6.addSubnet(NAT64, 96, "ipv6");
for (const [network, prefix] of SPECIAL_IPV6) specialIpv6.addSubnet(network, prefix, "ipv6");
for (const [network, prefix] of SPECIAL_IPV4) {
  specialIpv4.addSubnet(network, prefix, "ipv4");
  specialIpv6.addSubnet(NAT64 + network, 96 + prefix, "ipv6");
}

/**
 * Whether an address, as the system writes it, is one of the public internet and not of this machine: a public address of our own
 * leads to services that a firewall hides from everybody else. Whatever is no plain address is not public.
 */
export function isPublicAddress(address: string, own = networkInterfaces()): boolean {
  const isOwn = Object.values(own).some((found) => found?.some((known) => known.address === address));
  return !isOwn && isGlobalAddress(address);
}

/** Whether an address is public by its number alone. */
export function isGlobalAddress(address: string): boolean {
  // A zone (`fe80::1%eth0`) belongs to addresses of one link alone.
  if (address.includes("%")) return false;
  switch (isIP(address)) {
    case 4:
      return !specialIpv4.check(address, "ipv4");
    case 6:
      return globalIpv6.check(address, "ipv6") && !specialIpv6.check(address, "ipv6");
    default:
      return false;
  }
}

/** Whether a host, lower-case and without dots at its end, may be looked up at all: a name of one part belongs to some local network. */
export function isPublicName(host: string): boolean {
  if (isIP(host) !== 0) return true;
  return host.includes(".") && !LOCAL_NAMES.some((name) => host.endsWith(`.${name}`));
}
