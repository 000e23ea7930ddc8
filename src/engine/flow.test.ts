import { describe, expect, it } from "vitest";
import { settled } from "../../test/engine/virtual-clock.ts";
import { Range } from "../ranges/range.ts";
import type { Call } from "../source/call.ts";
import type { Bytes } from "../source/source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import { Flow, type FlowHost, type FlowParts, type FlowReader } from "./flow.ts";
import { SpanMap } from "./span-map.ts";
import type { WireBody } from "./wire.ts";

const file = patternBytes(1000, 3);

interface Give {
  resolve(bytes: Bytes | undefined): void;
  reject(error: unknown): void;
}

/** A body that gives what the test hands it, when the test does. */
class HeldBody implements WireBody {
  pulls = 0;
  isCancelled = false;
  call: Call | undefined;
  #position: number;
  #give: Give | undefined;

  constructor({ start }: Range) {
    this.#position = start;
  }

  get isWanted(): boolean {
    return this.#give !== undefined;
  }

  readWithin(call: Call): Promise<Bytes | undefined> {
    this.pulls++;
    this.call = call;
    return new Promise((resolve, reject) => {
      this.#give = { resolve, reject };
    });
  }

  cancel(): void {
    this.isCancelled = true;
  }

  /** The next bytes of the file; undefined ends the body. */
  async deliver(byteLength: number | undefined): Promise<void> {
    const end = this.#position + (byteLength ?? 0);
    this.#take().resolve(byteLength === undefined ? undefined : file.slice(this.#position, end));
    this.#position = end;
    await settled();
  }

  async fail(error: unknown): Promise<void> {
    this.#take().reject(error);
    await settled();
  }

  #take(): Give {
    const give = this.#give;
    if (give === undefined) throw new Error("Nobody waits for bytes of this body");
    this.#give = undefined;
    return give;
  }
}

interface Setting {
  readonly flow: Flow;
  readonly body: HeldBody;
  readonly map: SpanMap<Flow>;
  /** What the host was told, in order. */
  readonly told: string[];
}

/** A flow whose host keeps its bytes on a map, as the engine does. */
function start(range: Range, parts: Partial<FlowParts> & { arriving?: FlowHost["arriving"] } = {}): Setting {
  const map = new SpanMap<Flow>(10_000);
  const body = new HeldBody(range);
  const told: string[] = [];
  const host: FlowHost = {
    name: "file",
    totalMs: Number.POSITIVE_INFINITY,
    nextId: () => 0,
    arriving: (flow, part) => parts.arriving?.(flow, part),
    arrived: (flow, part, bytes) => {
      told.push(`arrived ${part}`);
      map.hold(part, bytes, { by: flow });
    },
    settled: (flow, outcome) => {
      told.push(outcome);
      map.removePending(flow);
      if (outcome === "failed" || (outcome === "left" && !flow.hasServed)) map.forgetBroughtBy(flow);
    },
  };
  const flow = new Flow({ range, body, ...parts }, host);
  map.addPending(flow);
  return { flow, body, map, told };
}

/** Notes what it is told; leaves or is satisfied as the test wishes. */
function listener(onArrived?: (range: Range) => void): FlowReader & { readonly heard: string[] } {
  const heard: string[] = [];
  return {
    heard,
    arrived: (range) => {
      heard.push(String(range));
      onArrived?.(range);
    },
    ended: (error) => heard.push(error === undefined ? "end" : `error ${error as string}`),
  };
}

const spansOf = (map: SpanMap<Flow>): string =>
  [...map.view].map(([range, state]) => `${range} ${state}`).join(", ");

describe("a flow", () => {
  it("is pulled only as far as somebody needs it", async () => {
    const { flow, body } = start(new Range(0, 100));
    flow.join(listener());
    expect([body.pulls, flow.isPaused]).toEqual([0, true]);
    flow.need(10);
    expect(flow.isPaused).toBe(false);
    await body.deliver(10);
    expect([body.pulls, flow.position, flow.isPaused]).toEqual([1, 10, true]);
    flow.need(5);
    expect(body.pulls).toBe(1);
    flow.need(11);
    await body.deliver(8);
    expect([body.pulls, flow.position, flow.isPaused]).toEqual([2, 18, true]);
  });

  it("goes on by itself where more was needed while it was pulled", async () => {
    const { flow, body } = start(new Range(0, 100));
    flow.join(listener());
    flow.need(10);
    flow.need(30);
    flow.need(20);
    expect(body.pulls).toBe(1);
    await body.deliver(10);
    await body.deliver(10);
    expect([body.pulls, body.isWanted]).toEqual([3, true]);
    await body.deliver(10);
    expect([body.pulls, body.isWanted, flow.isPaused]).toEqual([3, false, true]);
  });

  it("needs nothing beyond its end", async () => {
    const { flow, body, told } = start(new Range(10, 20));
    const reader = listener();
    flow.join(reader);
    flow.need(1000);
    await body.deliver(10);
    expect(body.pulls).toBe(1);
    expect(told).toEqual(["arrived [10, 20)", "complete"]);
    expect(reader.heard).toEqual(["[10, 20)", "end"]);
    expect(body.isCancelled).toBe(true);
  });

  it("tells readers of bytes before they are kept, and all of them as they come", async () => {
    const { flow, body, map } = start(new Range(0, 100));
    const seen: string[] = [];
    const [first, second] = [listener(() => seen.push(spansOf(map))), listener()];
    for (const reader of [first, second]) flow.join(reader);
    flow.need(100);
    await body.deliver(30);
    expect(seen).toEqual(["[0, 100) pending"]);
    expect(spansOf(map)).toBe("[0, 30) held, [30, 100) pending");
    await body.deliver(70);
    for (const reader of [first, second]) expect(reader.heard).toEqual(["[0, 30)", "[30, 100)", "end"]);
    expect(spansOf(map)).toBe("[0, 100) held");
  });

  it("tells a reader that came later only of what comes after that", async () => {
    const { flow, body } = start(new Range(0, 100));
    const late = listener();
    flow.join(listener());
    flow.need(100);
    await body.deliver(30);
    flow.join(late);
    await body.deliver(70);
    expect(late.heard).toEqual(["[30, 100)", "end"]);
  });
});

describe("a reader of a flow", () => {
  it("that is satisfied hears no more, and what is needed comes all the same", async () => {
    const { flow, body, map } = start(new Range(0, 100));
    const reader = listener(({ end }) => end >= 20 && flow.satisfied(reader));
    flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    expect(flow.hasServed).toBe(true);
    await body.deliver(80);
    expect(reader.heard).toEqual(["[0, 20)"]);
    expect(spansOf(map)).toBe("[0, 100) held");
  });

  it("that leaves ends it where it was the last one, and not before", async () => {
    const { flow, body, map, told } = start(new Range(0, 100));
    const [first, second] = [listener(), listener()];
    for (const reader of [first, second]) flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    flow.leave(first, "enough");
    expect([body.isCancelled, flow.isSettled]).toEqual([false, false]);
    flow.leave(first, "again");
    expect(flow.isSettled).toBe(false);
    flow.leave(second, "enough");
    expect([body.isCancelled, flow.isSettled]).toEqual([true, true]);
    expect(body.call?.signal.reason).toBe("enough");
    expect(told).toEqual(["arrived [0, 20)", "left"]);
    expect(spansOf(map)).toBe("");
    expect([first.heard, second.heard]).toEqual([["[0, 20)"], ["[0, 20)"]]);
  });

  it("that leaves when another was served before takes nothing from anybody", async () => {
    const { flow, body, map } = start(new Range(0, 100));
    const [first, second] = [listener(), listener()];
    for (const reader of [first, second]) flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    flow.satisfied(first);
    flow.leave(second);
    expect(spansOf(map)).toBe("[0, 20) held");
  });

  it("may leave as its bytes arrive: others get theirs, and a flow that ends by it keeps nothing", async () => {
    const { flow, body, map, told } = start(new Range(0, 100));
    const leaving = listener(() => flow.leave(leaving));
    const staying = listener();
    for (const reader of [leaving, staying]) flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    expect(staying.heard).toEqual(["[0, 20)"]);
    expect(flow.isSettled).toBe(false);
    const last = start(new Range(0, 100));
    const only = listener(() => last.flow.leave(only));
    last.flow.join(only);
    last.flow.need(100);
    await last.body.deliver(20);
    expect(last.told).toEqual(["left"]);
    expect(spansOf(last.map)).toBe("");
    expect(only.heard).toEqual(["[0, 20)"]);
    expect([spansOf(map), told]).toEqual(["[0, 20) held, [20, 100) pending", ["arrived [0, 20)"]]);
  });
});

describe("a flow that nobody waits for", () => {
  it("stays when its readers leave, until it is abandoned", async () => {
    const { flow, body, told } = start(new Range(0, 100), { unattended: true });
    flow.need(100);
    const reader = listener();
    flow.join(reader);
    flow.leave(reader);
    await body.deliver(20);
    expect(told).toEqual(["arrived [0, 20)"]);
    flow.abandon();
    expect(body.isCancelled).toBe(true);
    expect(told).toEqual(["arrived [0, 20)", "left"]);
  });

  it("lives on with the reader it has when it is abandoned", async () => {
    const { flow, body } = start(new Range(0, 100), { unattended: true });
    flow.need(100);
    const reader = listener();
    flow.join(reader);
    flow.abandon();
    await body.deliver(100);
    expect(reader.heard).toEqual(["[0, 100)", "end"]);
  });

  it("lets others go first only while nobody has joined", () => {
    const { flow, body } = start(new Range(0, 100), { unattended: true });
    flow.need(100);
    expect(body.call?.turn?.ahead).toBe(true);
    flow.join(listener());
    expect(body.call?.turn?.ahead).toBe(false);
  });
});

describe("a flow that goes wrong", () => {
  it("tells every reader, and leaves nothing of what it brought", async () => {
    const { flow, body, map, told } = start(new Range(0, 100));
    const [first, second] = [listener(), listener()];
    for (const reader of [first, second]) flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    await body.fail("broken");
    for (const reader of [first, second]) expect(reader.heard).toEqual(["[0, 20)", "error broken"]);
    expect(told).toEqual(["arrived [0, 20)", "failed"]);
    expect(spansOf(map)).toBe("");
    expect([body.isCancelled, flow.isSettled]).toEqual([true, true]);
  });

  it("gives back also what a reader was served, for it was of a body that proved wrong", async () => {
    const { flow, body, map } = start(new Range(0, 100));
    const reader = listener(() => flow.satisfied(reader));
    flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    await body.fail("broken");
    expect(spansOf(map)).toBe("");
  });

  it.each([
    ["ends early", undefined, "SHORT_BODY"],
    ["gives too much", 81, "BAD_RESPONSE"],
  ])("is refused where its body %s", async (_, byteLength, code) => {
    const { flow, body, map } = start(new Range(0, 100));
    const errors: unknown[] = [];
    flow.join({ arrived: () => undefined, ended: (error) => errors.push(error) });
    flow.need(100);
    await body.deliver(20);
    await body.deliver(byteLength);
    expect(errors).toMatchObject([{ code }]);
    expect(spansOf(map)).toBe("");
  });

  it("takes what its host refuses for a failure, before any reader has seen it", async () => {
    const { flow, body, map } = start(new Range(0, 100), {
      arriving: (_, { end }) => {
        if (end > 20) throw "too much";
      },
    });
    const reader = listener();
    flow.join(reader);
    flow.need(100);
    await body.deliver(20);
    await body.deliver(20);
    expect(reader.heard).toEqual(["[0, 20)", "error too much"]);
    expect(spansOf(map)).toBe("");
  });
});

describe("a flow that is cancelled", () => {
  it("tells all its readers why, once, and nothing of what comes later", async () => {
    const { flow, body, map, told } = start(new Range(0, 100));
    const reader = listener();
    flow.join(reader);
    flow.need(100);
    flow.cancel("closed");
    flow.cancel("again");
    await body.deliver(20);
    flow.need(100);
    expect(reader.heard).toEqual(["error closed"]);
    expect(told).toEqual(["left"]);
    expect([spansOf(map), body.pulls]).toEqual(["", 1]);
  });

  it("stays as it is once it is complete", async () => {
    const { flow, body, map, told } = start(new Range(0, 10));
    flow.join(listener());
    flow.need(10);
    await body.deliver(10);
    flow.cancel("late");
    flow.abandon();
    expect(told).toEqual(["arrived [0, 10)", "complete"]);
    expect(spansOf(map)).toBe("[0, 10) held");
  });
});
