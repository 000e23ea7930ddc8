import { expect, it } from "vitest";
import { type RelayOptions, resolveRelaySettings } from "./relay-options.ts";

const origin = "http://127.0.0.1:8080";

it("asks on ports 80 and 443, and on those that are named", () => {
  expect([...resolveRelaySettings({ origin }).upstreamPorts]).toEqual([80, 443]);
  expect([...resolveRelaySettings({ origin, upstreamPorts: [8443] }).upstreamPorts]).toEqual([80, 443, 8443]);
});

it("takes some limits and keeps the others", () => {
  const { limits } = resolveRelaySettings({ origin, limits: { totalMs: 5, idleMs: undefined as never } });
  expect(limits).toMatchObject({ totalMs: 5, idleMs: 30_000, maxRangeBytes: 16 * 1024 * 1024 });
});

it.each([
  { origin: "" },
  { origin: "*" },
  { origin: "null" },
  { origin: "http://127.0.0.1:8080/" },
  { origin: "file://" },
  { origin: undefined as never },
  { origin, port: -1 },
  { origin, port: 65_536 },
  { origin, port: 1.5 },
  { origin, upstreamPorts: [0] },
  { origin, upstreamPorts: [80.5] },
  { origin, limits: { maxRangeBytes: 0 } },
  { origin, limits: { totalMs: Number.POSITIVE_INFINITY } },
  { origin, limits: { maxConcurrent: Number.NaN } },
] satisfies RelayOptions[])("refuses %j", (options) => {
  expect(() => resolveRelaySettings(options)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
});
