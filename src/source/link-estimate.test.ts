import { describe, expect, it } from "vitest";
import type { BodyTiming } from "./body-timing.ts";
import { LinkEstimator } from "./link-estimate.ts";

const CHUNK = 64 * 1024;
const LIMITS = { connections: 16, idle: 0 };

/** A clock that stands still until it is told to move. */
function makeClock(): { now: () => number; pass: (ms: number) => void } {
  let at = 1000;
  return {
    now: () => at,
    pass: (ms) => {
      at += ms;
    },
  };
}

/** The same numbers in every run, evenly spread over [0, 1). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function setUp(secure = false) {
  const clock = makeClock();
  const link = new LinkEstimator({ secure, now: clock.now });
  return {
    link,
    pass: clock.pass,
    now: () => link.estimate(LIMITS),
    /** One request whose headers and first byte come after so long. */
    ask(latencyMs: number, connectMs?: number): BodyTiming {
      const sent = link.sent();
      clock.pass(latencyMs + (connectMs ?? 0));
      const body = link.answered(sent, { connectMs, latencyMs });
      body.waiting();
      body.arrived(CHUNK);
      return body;
    },
    /** Several requests at once. */
    askMany(count: number, latencyMs: number): BodyTiming[] {
      const sent = Array.from({ length: count }, () => link.sent());
      clock.pass(latencyMs);
      const bodies = sent.map((one) => link.answered(one, { connectMs: undefined, latencyMs }));
      for (const body of bodies) {
        body.waiting();
        body.arrived(CHUNK);
      }
      return bodies;
    },
    /** Bodies that come in side by side at one rate each, chunk by chunk. */
    move(
      bodies: readonly BodyTiming[],
      { bytesPerSecond, chunks }: { bytesPerSecond: number; chunks: number },
    ): void {
      for (let index = 0; index < chunks; index++) {
        for (const body of bodies) body.waiting();
        clock.pass((CHUNK / bytesPerSecond) * 1000);
        for (const body of bodies) body.arrived(CHUNK);
      }
    },
  };
}

describe("what a link is taken for", () => {
  it("is the priors until anything was seen", () => {
    const { link } = setUp();
    expect(link.estimate({ connections: 6 })).toEqual({
      latencyMs: 50,
      connectMs: 50,
      bytesPerSecond: 10e6,
      totalBytesPerSecond: 50e6,
      connections: 6,
      idle: 0,
      measured: false,
      bandwidthMeasured: false,
    });
  });

  it("costs one more round trip to connect with TLS", () => {
    expect(setUp(true).now().connectMs).toBe(100);
  });

  it("has a latency and a cost of connecting after one answer", () => {
    const { ask, now } = setUp();
    ask(20, 35);
    expect(now()).toMatchObject({ latencyMs: 20, connectMs: 35, measured: true, bandwidthMeasured: false });
  });

  it("learns from used connections what new ones cost more, wherever that is spent", () => {
    const { ask, now } = setUp();
    // A server that is slow to answer the first request of a connection, as after TCP's and TLS's handshakes.
    ask(120, 1);
    ask(40);
    expect(now()).toMatchObject({ latencyMs: 40, connectMs: 81 });
  });

  it("divides a first answer by round trips where the platform tells nothing", () => {
    for (const [secure, trips] of [
      [false, 1],
      [true, 2],
    ] as const) {
      const { link, pass, now } = setUp(secure);
      const sent = link.sent();
      pass(60);
      const body = link.answered(sent);
      body.waiting();
      body.arrived(10);
      expect(now().latencyMs).toBeCloseTo(60 / (1 + trips));
      expect(now().connectMs).toBeCloseTo((60 * trips) / (1 + trips));
    }
  });

  it("counts the connections that wait for work where the platform does not", () => {
    const { link, ask } = setUp();
    const bodies = [ask(10, 5), ask(10, 5)];
    expect(link.estimate({ connections: 6 }).idle).toBe(0);
    for (const body of bodies) body.ended();
    expect(link.estimate({ connections: 6 }).idle).toBe(2);
    expect(link.estimate({ connections: 1 }).idle).toBe(1);
    link.sent();
    expect(link.estimate({ connections: 6 }).idle).toBe(1);
  });
});

describe("latency", () => {
  it("stays near its low end under noise, and is not moved by one stray answer", () => {
    const { ask, now } = setUp();
    const random = makeRandom(7);
    ask(20, 20);
    for (let index = 0; index < 200; index++) ask(20 - Math.log(1 - random()) * 10);
    expect(now().latencyMs).toBeGreaterThanOrEqual(20);
    expect(now().latencyMs).toBeLessThan(26);
    const before = now().latencyMs;
    ask(5000);
    expect(now().latencyMs).toBeLessThan(before * 1.25);
  });

  it("follows a link that has become slower, or faster", () => {
    const { ask, now } = setUp();
    for (let index = 0; index < 5; index++) ask(20);
    for (let index = 0; index < 30; index++) ask(100);
    expect(now().latencyMs).toBeGreaterThan(80);
    for (let index = 0; index < 4; index++) ask(20);
    expect(now().latencyMs).toBeLessThan(30);
  });

  it("goes half way at once after a long silence", () => {
    const { ask, pass, now } = setUp();
    ask(20);
    pass(120_000);
    ask(100);
    expect(now().latencyMs).toBe(60);
  });

  it("ends with the first byte of the body and not with the headers", () => {
    const { link, pass, now } = setUp();
    const sent = link.sent();
    pass(10);
    const body = link.answered(sent, { connectMs: undefined, latencyMs: 10 });
    body.waiting();
    pass(30);
    body.arrived(100);
    expect(now().latencyMs).toBe(40);
  });
});

describe("the rate of one connection", () => {
  it("is that of a body while somebody pulls it", () => {
    const { ask, move, now } = setUp();
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 64 });
    expect(now().bandwidthMeasured).toBe(true);
    expect(now().bytesPerSecond / 50e6).toBeGreaterThan(1 / 1.2);
    expect(now().bytesPerSecond / 50e6).toBeLessThan(1.2);
  });

  it("leaves out what a slow consumer let wait in buffers", () => {
    const { ask, move, pass, now } = setUp();
    const body = ask(20);
    move([body], { bytesPerSecond: 20e6, chunks: 100 });
    const { bytesPerSecond } = now();
    for (let index = 0; index < 100; index++) {
      // Ten chunks a second, each already there when it is asked for.
      pass(100);
      body.waiting();
      body.arrived(CHUNK);
    }
    // After a pause of 100 ms the buffers empty at once.
    for (let index = 0; index < 20; index++) {
      body.waiting();
      pass(0.01);
      body.arrived(CHUNK);
    }
    expect(now().bytesPerSecond).toBe(bytesPerSecond);
    move([body], { bytesPerSecond: 40e6, chunks: 4 });
    expect(now().bytesPerSecond).toBe(bytesPerSecond);
    body.waiting();
    pass(6);
    body.arrived(CHUNK);
    move([body], { bytesPerSecond: 40e6, chunks: 100 });
    expect(now().bytesPerSecond).toBeGreaterThan(30e6);
  });

  it("learns nothing from tiny bodies", () => {
    const { ask, pass, now } = setUp();
    for (let index = 0; index < 50; index++) {
      const body = ask(20);
      body.waiting();
      pass(100);
      body.arrived(10_000);
      body.ended();
    }
    expect(now().bytesPerSecond).toBe(10e6);
  });

  it("hears of a slow link from a body of middling size, if it came by itself and slower than a slow start", () => {
    const { ask, askMany, move, now } = setUp();
    const quick = ask(20);
    move([quick], { bytesPerSecond: 2e6, chunks: 1 });
    quick.ended();
    expect(now().bytesPerSecond).toBe(10e6);
    const [one, other] = askMany(2, 20) as [BodyTiming, BodyTiming];
    move([one, other], { bytesPerSecond: 0.5e6, chunks: 1 });
    one.ended();
    expect(now().bytesPerSecond).toBe(10e6);
    other.dropped();
    const alone = ask(20);
    move([alone], { bytesPerSecond: 0.5e6, chunks: 1 });
    alone.ended();
    expect(now().bytesPerSecond).toBeLessThan(2e6);
  });

  it("follows a link that has become slower, or faster", () => {
    const { ask, move, now } = setUp();
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 100 });
    move([ask(20)], { bytesPerSecond: 5e6, chunks: 100 });
    expect(now().bytesPerSecond).toBeLessThan(10e6);
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 100 });
    expect(now().bytesPerSecond).toBeGreaterThan(40e6);
  });

  it("is not taken for less because many bodies share a full link", () => {
    const { ask, askMany, move, now } = setUp();
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 64 });
    move(askMany(10, 20), { bytesPerSecond: 12.5e6, chunks: 32 });
    expect(now().bytesPerSecond).toBeGreaterThan(40e6);
  });
});

describe("the rate of all connections", () => {
  it("is what more bodies no longer raise", () => {
    const { ask, askMany, move, now } = setUp();
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 64 });
    move(askMany(10, 20), { bytesPerSecond: 12.5e6, chunks: 32 });
    expect(now().totalBytesPerSecond / 125e6).toBeGreaterThan(1 / 1.1);
    expect(now().totalBytesPerSecond / 125e6).toBeLessThan(1.1);
  });

  it("is not taken for more because bodies are short, and begin and end together", () => {
    const { ask, askMany, move, now } = setUp();
    const alone = ask(20);
    move([alone], { bytesPerSecond: 50e6, chunks: 40 });
    alone.ended();
    for (let wave = 0; wave < 40; wave++) {
      const bodies = askMany(8, 20);
      move(bodies, { bytesPerSecond: 15e6, chunks: 4 });
      for (const body of bodies) body.ended();
    }
    expect(now().totalBytesPerSecond).toBeGreaterThan(110e6);
    expect(now().totalBytesPerSecond).toBeLessThan(130e6);
  });

  it("is no less than what came of all bodies, though the consumer was the slow side", () => {
    const { askMany, pass, now } = setUp();
    const bodies = askMany(8, 20);
    for (let chunk = 0; chunk < 100; chunk++) {
      pass(3);
      for (const body of bodies) body.waiting();
      pass(1);
      for (const body of bodies) body.arrived(CHUNK);
    }
    const came = (8 * CHUNK * 1000) / 4;
    expect(now().bandwidthMeasured).toBe(false);
    expect(now().totalBytesPerSecond).toBeCloseTo(1.25 * came, -6);
  });

  it("is taken for more wherever more bodies were seen to bring more", () => {
    const { ask, askMany, move, now } = setUp();
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 64 });
    expect(now().totalBytesPerSecond).toBeLessThan(260e6);
    move(askMany(5, 20), { bytesPerSecond: 50e6, chunks: 200 });
    expect(now().totalBytesPerSecond).toBeGreaterThan(450e6);
  });

  it("is not multiplied by connections that were only as slow as was supposed", () => {
    const { ask, askMany, move, now } = setUp();
    // 125 MB/s in all, by ten bodies that seem to bring as much as they can; then one alone brings four times as much.
    move(askMany(10, 20), { bytesPerSecond: 12.5e6, chunks: 64 });
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 64 });
    expect(now().bytesPerSecond).toBeGreaterThan(40e6);
    expect(now().totalBytesPerSecond).toBeLessThan(300e6);
  });

  it("is one connection's where two bring no more than one", () => {
    const { ask, askMany, move, now } = setUp();
    move([ask(1)], { bytesPerSecond: 400e6, chunks: 400 });
    move(askMany(2, 1), { bytesPerSecond: 200e6, chunks: 400 });
    const { bytesPerSecond, totalBytesPerSecond } = now();
    expect(totalBytesPerSecond).toBeLessThan(bytesPerSecond * 1.25);
  });

  it("is not judged by many small bodies, each slow for reasons of its own", () => {
    const { askMany, move, now } = setUp();
    for (let index = 0; index < 20; index++) {
      const bodies = askMany(16, 20);
      move(bodies, { bytesPerSecond: 1e6, chunks: 1 });
      for (const body of bodies) body.ended();
    }
    expect(now().totalBytesPerSecond).toBe(50e6);
  });

  it("rises again with a link that has become wider", () => {
    const { ask, askMany, move, now } = setUp();
    move([ask(20)], { bytesPerSecond: 50e6, chunks: 64 });
    const bodies = askMany(4, 20);
    move(bodies, { bytesPerSecond: 12.5e6, chunks: 32 });
    expect(now().totalBytesPerSecond).toBeLessThan(60e6);
    move(bodies, { bytesPerSecond: 50e6, chunks: 300 });
    expect(now().totalBytesPerSecond).toBeGreaterThan(160e6);
  });
});
