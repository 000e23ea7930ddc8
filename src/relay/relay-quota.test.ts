import { expect, it } from "vitest";
import { type RelayLimits, resolveRelaySettings } from "./relay-options.ts";
import { RelayQuota } from "./relay-quota.ts";

function quotaOf(limits: Partial<RelayLimits>): { quota: RelayQuota; pass(ms: number): void } {
  let now = 5000;
  const all = resolveRelaySettings({ origin: "http://127.0.0.1", limits }).limits;
  return {
    quota: new RelayQuota(all, () => now),
    pass: (ms) => {
      now += ms;
    },
  };
}

const refusal = (retryAfterMs: number) => expect.objectContaining({ code: "RATE_LIMITED", retryAfterMs });

it("counts requests of a minute that begins with the first of them", () => {
  const { quota, pass } = quotaOf({ requestsPerMinute: 2 });
  quota.enter()();
  pass(50_000);
  quota.enter()();
  expect(() => quota.enter()).toThrow(refusal(10_000));
  pass(9999);
  expect(() => quota.enter()).toThrow(refusal(1));
  pass(1);
  quota.enter()();
  quota.enter()();
  expect(() => quota.enter()).toThrow(refusal(60_000));
});

it("counts the bytes of a minute, and lets a short body in where a long one does not fit", () => {
  const { quota, pass } = quotaOf({ bytesPerMinute: 100 });
  quota.charge(60);
  expect(() => quota.charge(41)).toThrow(refusal(60_000));
  quota.charge(40);
  expect(() => quota.charge(1)).toThrow(refusal(60_000));
  pass(60_000);
  quota.charge(100);
});

it("lets the next one in when one has left, and counts nobody who was refused", () => {
  const { quota } = quotaOf({ maxConcurrent: 1, requestsPerMinute: 2 });
  const leave = quota.enter();
  expect(() => quota.enter()).toThrow(refusal(1000));
  leave();
  quota.enter()();
  expect(() => quota.enter()).toThrow(refusal(60_000));
});
