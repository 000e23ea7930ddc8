import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Deadlines } from "./deadlines.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Deadlines", () => {
  it("calls each once, in time, whatever the order they were set in", () => {
    const deadlines = new Deadlines();
    const rang: string[] = [];
    deadlines.add(300, () => rang.push("300"));
    deadlines.add(100, () => rang.push("100"));
    deadlines.add(200, () => rang.push("200"));
    vi.advanceTimersByTime(99);
    expect(rang).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rang).toEqual(["100"]);
    vi.advanceTimersByTime(1000);
    expect(rang).toEqual(["100", "200", "300"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("uses one timer for a thousand that are set and taken away", () => {
    const deadlines = new Deadlines();
    const expire = vi.fn<() => void>();
    for (let index = 0; index < 1000; index++) deadlines.delete(deadlines.add(100, expire));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(60);
    const last = deadlines.add(100, expire);
    // The timer of the first rings and finds nothing due.
    vi.advanceTimersByTime(99);
    expect(expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expire).toHaveBeenCalledTimes(1);
    deadlines.delete(last);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets one that expires set another, or take one away that is due with it", () => {
    const deadlines = new Deadlines();
    const rang: string[] = [];
    let second = deadlines.add(Infinity, () => rang.push("never"));
    deadlines.add(10, () => {
      deadlines.delete(second);
      deadlines.add(5, () => rang.push("later"));
    });
    second = deadlines.add(10, () => rang.push("second"));
    vi.advanceTimersByTime(10);
    expect(rang).toEqual([]);
    vi.advanceTimersByTime(5);
    expect(rang).toEqual(["later"]);
  });

  it("knows no limit for Infinity, and none that a timer could not hold", () => {
    const deadlines = new Deadlines();
    const expire = vi.fn<() => void>();
    deadlines.add(Infinity, expire);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.add(2 ** 40, expire);
    vi.advanceTimersByTime(2 ** 32);
    expect(expire).not.toHaveBeenCalled();
  });

  it("leaves nothing behind when it is cleared", () => {
    const deadlines = new Deadlines();
    const expire = vi.fn<() => void>();
    deadlines.add(10, expire);
    deadlines.clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(expire).not.toHaveBeenCalled();
    deadlines.add(10, expire);
    vi.advanceTimersByTime(10);
    expect(expire).toHaveBeenCalledTimes(1);
  });
});
