import { describe, expect, it } from "vitest";
import { startLab } from "../../test/lab/lab.ts";
import { openSource } from "../open.ts";
import { RangeDict } from "../ranges/range-dict.ts";
import type { PlannedSource, SourceEvent } from "../source/source.ts";
import { controllableSource } from "../testing/controllable-source.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";

/** What was told of the range map, and the map that somebody would draw who only listens. */
function listener() {
  const told: string[] = [];
  const drawn = new RangeDict<"held" | "pending">();
  const onEvent = (event: SourceEvent): void => {
    if (event.type !== "span") return;
    const { state, range } = event;
    told.push(`${state} ${range}`);
    if (state === "missing") drawn.delete(range);
    else drawn.set(range, state);
  };
  const expectSameMap = ({ spans }: PlannedSource): void => {
    for (const state of ["held", "pending"] as const) {
      expect(String(drawn.rangesOf(state))).toBe(String(spans.rangesOf(state)));
    }
  };
  return { told, drawn, onEvent, expectSameMap };
}

/** Events come a moment after what they tell. */
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("events of the range map", () => {
  it("tell what is asked for, what came, and at the end that nothing is held", async () => {
    const { told, onEvent, expectSameMap } = listener();
    const source = await openSource(patternBytes(1000, 1), { onEvent });
    await source.read([100, 200]);
    await source.readMany([
      [300, 310],
      [150, 250],
    ]);
    await moment();
    expect(told).toEqual([
      "pending [100, 200)",
      "held [100, 200)",
      "pending [200, 250)",
      "pending [300, 310)",
      "held [200, 250)",
      "held [300, 310)",
    ]);
    expectSameMap(source);
    told.length = 0;
    await source.close();
    await moment();
    expect(told).toEqual(["missing [100, 250)", "missing [300, 310)"]);
  });

  it("tell that a read was given up, and that it failed", async () => {
    const { told, onEvent, expectSameMap } = listener();
    const beneath = controllableSource(patternBytes(1000, 1));
    await using source = await openSource(beneath, { onEvent });
    const leaving = new AbortController();
    const given = source.read([0, 10], { signal: leaving.signal });
    await beneath.readAt(0);
    leaving.abort(new Error("left"));
    await expect(given).rejects.toThrow("left");
    const failing = source.read([20, 30]);
    (await beneath.readAt(1)).reject(new Error("lost"));
    await expect(failing).rejects.toThrow("lost");
    await moment();
    expect(told).toEqual(["pending [0, 10)", "missing [0, 10)", "pending [20, 30)", "missing [20, 30)"]);
    expectSameMap(source);
  });

  it("tell what is dropped to stay under the limit, and what passes without being kept", async () => {
    const { told, onEvent, expectSameMap } = listener();
    await using source = await openSource(patternBytes(1000, 1), { onEvent, cache: { maxBytes: 100 } });
    await source.read([0, 80]);
    await source.read([100, 150]);
    await source.read([200, 500]);
    await moment();
    expect(told).toEqual([
      "pending [0, 80)",
      "held [0, 80)",
      "pending [100, 150)",
      "held [100, 150)",
      "missing [0, 80)",
      "pending [200, 500)",
      "missing [200, 500)",
    ]);
    expectSameMap(source);
  });

  it("draw the same map as spans, over HTTP with read-ahead and a small cache", async () => {
    await using lab = await startLab({ files: { file: { pattern: 3_000_000, seed: 2 } } });
    const { told, drawn, onEvent, expectSameMap } = listener();
    const cache = { maxBytes: 700_000 };
    await using source = await openSource(`${lab.url}/file`, { onEvent, cache, policy: "fast" });
    expect(told[0]).toBe("pending [0, 32768)");
    for (let start = 0; start < 1_500_000; start += 50_000) {
      await source.read([start, start + 50_000]);
      await moment();
      expectSameMap(source);
    }
    expect(drawn.size).toBeGreaterThan(0);
    for await (const _ of source.stream([1_000_000, 2_500_000])) {
      await moment();
      expectSameMap(source);
    }
    expect(told.some((line) => line.startsWith("missing "))).toBe(true);
  });

  it("come after the change, so that a listener may read and close", async () => {
    const { told, onEvent } = listener();
    const read: number[] = [];
    const source: PlannedSource = await openSource(patternBytes(1000, 1), {
      onEvent(event) {
        onEvent(event);
        if (event.type !== "span" || event.state !== "held") return;
        read.push(source.tryRead(event.range)?.length ?? -1);
        void source.close();
      },
    });
    await source.read([0, 64]);
    await moment();
    expect(read).toEqual([64]);
    expect(told).toEqual(["pending [0, 64)", "held [0, 64)", "missing [0, 64)"]);
  });
});
