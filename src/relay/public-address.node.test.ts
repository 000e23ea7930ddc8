import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { isGlobalAddress, isPublicAddress, isPublicName } from "./public-address.node.ts";

/** The first and the last address of each network, and their neighbours where those are public. */
const NOT_PUBLIC: Record<string, readonly string[]> = {
  "this network": ["0.0.0.0", "0.255.255.255"],
  private: ["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
  "carrier-grade NAT": ["100.64.0.0", "100.127.255.255", "100.100.100.200"],
  loopback: ["127.0.0.1", "127.255.255.254", "::1"],
  "link-local, and the metadata of clouds": [
    "169.254.0.1",
    "169.254.169.254",
    "fe80::1",
    "febf::1",
    "fe80::1%lo",
  ],
  "metadata elsewhere": ["168.63.129.16", "192.0.0.192", "fd00:ec2::254"],
  documentation: ["192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff::1"],
  "benchmarks, protocols, the old relays of 6to4": [
    "198.18.0.0",
    "198.19.255.255",
    "192.0.0.1",
    "192.88.99.1",
  ],
  "sinks for names, and multicast by tunnel": [
    "192.31.196.1",
    "192.175.48.1",
    "192.52.193.1",
    "2620:4f:8000::1",
  ],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
  "reserved and broadcast": ["240.0.0.1", "255.255.255.255", "4000::1", "5f00::1", "100::1"],
  unspecified: ["::"],
  "unique local and site-local": ["fc00::1", "fdff::1", "fec0::1"],
  "IPv4-mapped and compatible": [
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::8.8.8.8",
  ],
  "NAT64 of what is not public": [
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
  ],
  "6to4 and Teredo": ["2002:7f00:1::1", "2002:808:808::1", "2001::1", "2001:0:7f00:1::"],
  "no address": ["", "localhost", "2130706433", "0x7f.1", "127.1", "1.1.1.1 ", "[::1]", "1.1.1.1%eth0"],
};

describe("an address is not public that is", () => {
  it.each(Object.entries(NOT_PUBLIC))("%s", (_name, addresses) => {
    expect(addresses.filter(isGlobalAddress)).toEqual([]);
  });
});

it("takes what is public, up to the borders of what is not", () => {
  const addresses = [
    ["1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"],
    ["126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"],
    ["192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17"],
    ["2001:200::1", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::8.8.8.8", "64:ff9b::808:808"],
  ].flat();
  expect(addresses.filter((address) => !isGlobalAddress(address))).toEqual([]);
  expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
});

it("takes no address of this machine, though it be public", () => {
  const [one] = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const own = one === undefined ? {} : { lan: [{ ...one, address: "1.1.1.1" }] };
  expect([isPublicAddress("1.1.1.1", own), isPublicAddress("1.1.1.2", own)]).toEqual([false, true]);
});

it("looks up names of the internet alone", () => {
  for (const name of ["localhost", "a.localhost", "printer", "metadata", "a.local", "nas.home.arpa"])
    expect([name, isPublicName(name)]).toEqual([name, false]);
  for (const name of ["metadata.google.internal", "a.internal"]) expect(isPublicName(name)).toBe(false);
  for (const name of ["files.example", "internal.example", "notlocal.net", "127.0.0.1", "::1"])
    expect([name, isPublicName(name)]).toEqual([name, true]);
});
