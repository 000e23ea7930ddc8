import { describe, expect, it } from "vitest";
import type { Chunk } from "./decoder.ts";
import { gatherChunks } from "./gather-chunks.ts";

const chunk = (...values: number[]): Chunk => Uint8Array.from(values);
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
};

async function* giving(count: number, given: number[] = []): AsyncGenerator<Chunk, void, void> {
  for (let index = 0; index < count; index++) {
    given.push(index);
    yield chunk(index);
  }
}

describe("gatherChunks", () => {
  it("gives every byte once and in order, in fewer chunks where the consumer is the slow side", async () => {
    const sizes: number[] = [];
    const bytes: number[] = [];
    for await (const gathered of gatherChunks(giving(100), 1000)) {
      sizes.push(gathered.length);
      bytes.push(...gathered);
      await turns(50);
    }
    expect(bytes).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(sizes.length).toBeLessThan(20);
  });

  it("gives large chunks as they are, and does not copy them into one", async () => {
    const large = [1, 2, 3].map((value) => new Uint8Array(128 * 1024).fill(value));
    async function* input(): AsyncGenerator<Chunk, void, void> {
      yield* large;
    }
    let index = 0;
    for await (const gathered of gatherChunks(input(), 1024 * 1024)) {
      expect(gathered).toBe(large[index++]);
      await turns(50);
    }
    expect(index).toBe(3);
  });

  it("waits for nothing where the input is the slow side", async () => {
    let resolve = (_value: IteratorResult<Chunk, void>): void => undefined;
    const input: AsyncIterator<Chunk, void> = {
      next: () =>
        new Promise((give) => {
          resolve = give;
        }),
    };
    const gathered = gatherChunks(input, 1000);
    const first = gathered.next();
    await turns(5);
    resolve({ done: false, value: chunk(1) });
    expect((await first).value).toEqual(chunk(1));
    await gathered.return();
  });

  it("reads no further than its limit while nobody takes anything", async () => {
    const given: number[] = [];
    const gathered = gatherChunks(giving(100, given), 10);
    await gathered.next();
    await turns(500);
    expect(given.length).toBeLessThanOrEqual(13);
    await gathered.return();
    await turns(100);
    expect(given.length).toBeLessThanOrEqual(14);
  });

  it("gives what came before a failure, then the failure", async () => {
    const reason = new Error("broken");
    async function* failing(): AsyncGenerator<Chunk, void, void> {
      yield chunk(1);
      yield chunk(2);
      throw reason;
    }
    const bytes: number[] = [];
    const all = async (): Promise<void> => {
      for await (const gathered of gatherChunks(failing(), 1000)) bytes.push(...gathered);
    };
    await expect(all()).rejects.toBe(reason);
    expect(bytes).toEqual([1, 2]);
  });

  it("ends with an input that gives nothing", async () => {
    expect(await gatherChunks(giving(0), 10).next()).toEqual({ done: true, value: undefined });
  });
});
