import { describe, expect, it } from "vitest";
import { HttpError } from "../errors.ts";
import { beginCall } from "./call.ts";
import { Meter } from "./meter.ts";
import { Recovery } from "./recovery.ts";
import { nextDelayMs } from "./retry.ts";

const failure = (more: Partial<ConstructorParameters<typeof HttpError>[2]> = {}): HttpError =>
  new HttpError("HTTP_STATUS", "GET x: got status 503; try later", { url: "x", retryable: true, ...more });
const call = (totalMs = 10_000) => beginCall({ signals: [], totalMs, url: "x" });
const watching = (meter = new Meter()) => ({
  progressed: () => undefined,
  failed: () => undefined,
  retrying: () => {
    meter.retries++;
  },
});
const quick = { attempts: 3, baseDelayMs: 0, maxDelayMs: 0 };

describe("Recovery", () => {
  it("tries as often as allowed, then gives the failure with the number of tries", async () => {
    const meter = new Meter();
    const recovery = new Recovery(quick, watching(meter));
    const ours = call();
    await recovery.after(failure(), ours);
    await recovery.after(failure(), ours);
    await expect(recovery.after(failure(), ours)).rejects.toMatchObject({ code: "HTTP_STATUS", attempts: 3 });
    expect(meter.retries).toBe(2);
    ours.end();
  });

  it("starts anew once bytes arrived", async () => {
    const recovery = new Recovery(quick, watching());
    const ours = call();
    for (let round = 0; round < 5; round++) {
      await recovery.after(failure(), ours);
      await recovery.after(failure(), ours);
      recovery.progress();
    }
    ours.end();
  });

  it("does not repeat what will not mend", async () => {
    const recovery = new Recovery(quick, watching());
    const ours = call();
    const final = failure({ retryable: false });
    await expect(recovery.after(final, ours)).rejects.toBe(final);
    const foreign = new Error("a bug");
    await expect(recovery.after(foreign, ours)).rejects.toBe(foreign);
    ours.end();
  });

  it("fails at once with RATE_LIMITED where the server's delay does not fit in the call", async () => {
    const recovery = new Recovery(quick, watching());
    const ours = call(50);
    const late = recovery.after(failure({ retryAfterMs: 1e12 }), ours);
    await expect(late).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 1e12 });
    ours.end();
  });

  it("ends a wait at once when the call ends", async () => {
    const controller = new AbortController();
    const ours = beginCall({ signals: [controller.signal], totalMs: 60_000, url: "x" });
    const recovery = new Recovery({ attempts: 2, baseDelayMs: 50_000, maxDelayMs: 50_000 }, watching());
    const waiting = recovery.after(failure(), ours);
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    ours.end();
  });
});

describe("nextDelayMs", () => {
  it("stays between the base and the ceiling and grows from the delay before", () => {
    const policy = { attempts: 9, baseDelayMs: 100, maxDelayMs: 1000 };
    expect(nextDelayMs(policy, 0, () => 0.99)).toBe(100);
    expect(nextDelayMs(policy, 100, () => 0)).toBe(100);
    expect(nextDelayMs(policy, 100, () => 1)).toBe(300);
    expect(nextDelayMs(policy, 900, () => 1)).toBe(1000);
  });
});
