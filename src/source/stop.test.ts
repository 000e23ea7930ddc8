import { describe, expect, it, vi } from "vitest";
import { onAbort } from "./on-abort.ts";
import { Stop, toAbortSignal } from "./stop.ts";

describe("Stop", () => {
  it("tells each listener once, and none that was taken away", () => {
    const stop = new Stop();
    const [kept, gone] = [vi.fn<() => void>(), vi.fn<() => void>()];
    onAbort(stop, kept);
    onAbort(stop, gone)();
    stop.abort("first");
    stop.abort("second");
    expect([kept.mock.calls.length, gone.mock.calls.length]).toEqual([1, 0]);
    expect([stop.aborted, stop.reason]).toEqual([true, "first"]);
    expect(() => stop.throwIfAborted()).toThrow("first");
  });

  it("lets a listener take another one away that is still to come", () => {
    const stop = new Stop();
    const second = vi.fn<() => void>();
    onAbort(stop, () => forget());
    const forget = onAbort(stop, second);
    stop.abort(new Error("over"));
    expect(second).not.toHaveBeenCalled();
  });

  it("gives the platform's form of itself, whenever that is asked for", () => {
    const reason = new Error("over");
    const early = new Stop();
    const signal = toAbortSignal(early);
    expect(toAbortSignal(early)).toBe(signal);
    expect(signal.aborted).toBe(false);
    early.abort(reason);
    expect([signal.aborted, signal.reason]).toEqual([true, reason]);
    const late = new Stop();
    late.abort(reason);
    expect(toAbortSignal(late).reason).toBe(reason);
    const own = new AbortController().signal;
    expect(toAbortSignal(own)).toBe(own);
  });
});
