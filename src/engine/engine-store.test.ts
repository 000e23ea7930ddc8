import { describe, expect, it } from "vitest";
import { type Lab, startLab } from "../../test/lab/lab.ts";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { type OpenOptions, openSource } from "../open.ts";
import type { BlockStore, PlannedSource, SourceEvent } from "../source/source.ts";
import { patternBytes, patternSlice } from "../testing/pattern-bytes.ts";

const SIZE = 1_500_000;
const files = { big: { pattern: SIZE, seed: 4 } };
const ranges = async (lab: Lab): Promise<(string | undefined)[]> =>
  (await lab.requests()).filter(({ method }) => method !== "OPTIONS").map(({ range }) => range);
const expectFile = (bytes: Uint8Array | undefined, start: number, end: number): void =>
  expectSameBytes(bytes ?? new Uint8Array(0), patternSlice(start, end, 4));

/** A browser's own cache would answer in the place of the server. */
const client: typeof fetch = (input, init) => fetch(input, { ...init, cache: "no-store" });

/** What one session does; the same again should need nothing from the server. */
async function session(url: string, options: OpenOptions): Promise<PlannedSource["receipt"]> {
  await using source = await openSource(url, { client, ...options });
  expectFile(await source.read([700_000, 700_100]), 700_000, 700_100);
  const many = [
    [100_000, 180_000],
    [1_400_000, 1_500_000],
  ] as const;
  for (const [index, bytes] of (await source.readMany(many)).entries())
    expectFile(bytes, ...(many[index] as (typeof many)[0]));
  let position = 200_000;
  for await (const chunk of source.stream([200_000, 900_000])) {
    expectFile(chunk, position, position + chunk.length);
    position += chunk.length;
  }
  expect(position).toBe(900_000);
  return { ...source.receipt };
}

describe("a source that was opened before with the same store", () => {
  it("needs one request, which tells whether the file is still the same", async () => {
    await using lab = await startLab({ files });
    const store = new Map<string, Uint8Array>();
    await session(`${lab.url}/big`, { cache: { store } });
    const first = (await ranges(lab)).length;
    expect(first).toBeGreaterThan(1);
    const receipt = await session(`${lab.url}/big`, { cache: { store } });
    expect((await ranges(lab)).length).toBe(first + 1);
    expect(receipt).toMatchObject({ requests: 1, bytesReceived: 32_768 });
  });

  it("takes nothing of it when the file has changed", async () => {
    await using lab = await startLab({ files });
    const store = new Map<string, Uint8Array>();
    await session(`${lab.url}/big`, { cache: { store } });
    await lab.replace("big", { pattern: SIZE, seed: 5 });
    await using source = await openSource(`${lab.url}/big`, { client, cache: { store } });
    expectSameBytes(await source.read([700_000, 700_100]), patternSlice(700_000, 700_100, 5));
  });

  it("159. gets no byte of a body that broke off but those that were verified", async () => {
    await using lab = await startLab({
      files,
      misbehave: { name: "drops-mid-body", bytes: 70_000, after: 1, times: 1 },
    });
    const store = new Map<string, Uint8Array>();
    await using source = await openSource(`${lab.url}/big`, {
      client,
      cache: { store },
      retry: false,
      maxConnections: 1,
    });
    await expect(source.read([100_000, 400_000])).rejects.toMatchObject({ code: "NETWORK" });
    expect([...source.spans].map(([range]) => String(range))).toEqual(["[0, 32768)"]);
    await source.close();
    expect(store.size).toBeGreaterThan(0);
    await session(`${lab.url}/big`, { cache: { store } });
  });
});

describe("a store that fails", () => {
  const never = new Promise<never>(() => undefined);
  const broken = (): never => {
    throw new Error("the store is broken");
  };
  const rubbish = patternBytes(70_000, 99);
  const stores: [string, BlockStore][] = [
    ["throws", { get: broken, set: broken, delete: broken }],
    [
      "rejects",
      {
        get: async () => broken(),
        set: async () => broken(),
        delete: async () => broken(),
      },
    ],
    ["gives rubbish", { get: () => rubbish, set: () => undefined, delete: () => undefined }],
    [
      "gives what is no bytes",
      { get: () => "bytes" as never, set: () => undefined, delete: () => undefined },
    ],
    ["forgets everything", { get: () => undefined, set: () => undefined, delete: () => undefined }],
    ["never answers", { get: () => never, set: () => never, delete: () => never }],
  ];

  it.each(stores)("never fails a read: one that %s", async (_, store) => {
    await using lab = await startLab({ files });
    const events: SourceEvent[] = [];
    const onEvent = (event: SourceEvent): void => void events.push(event);
    await session(`${lab.url}/big`, { cache: { store }, onEvent });
    expect(events.filter(({ type }) => type === "warning").length).toBeLessThanOrEqual(1);
  });
});
