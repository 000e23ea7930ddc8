import { describe, expect, it } from "vitest";
import { buildZip, type MemberSpec, pack, text } from "../../../test/zip/build-zip.ts";
import { drain } from "../../../test/zip/drain.ts";
import { recordedSource } from "../../../test/zip/recorded-source.ts";
import { SMALL, sameBytes, sampleBytes } from "../../../test/zip/small-members.ts";
import { Range } from "../../ranges/range.ts";
import { openZip } from "./open-zip.ts";

describe("a member of a zip", () => {
  /** 40 stored members of 5,000 bytes: more than a tail, so that reading costs requests. */
  const many = buildZip(
    Array.from({ length: 40 }, (_, index) => ({ name: `m${index}`, data: sampleBytes(5000 + index) })),
  );

  it("costs one request, header and data together, and not a byte beyond the next header", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const before = source.asked.length;
    expect(await zip.get("m3").bytes()).toEqual(sampleBytes(5003));
    expect(source.asked.slice(before)).toEqual([String(zip.ranges.rangeAt(16_000))]);
  });

  it("costs one more request, for the missing bytes alone, where its own extra field is longer than guessed", async () => {
    for (const length of [600, 9000]) {
      const spec: MemberSpec = {
        name: "aligned",
        data: sampleBytes(70_000),
        method: 8,
        local: { extra: pack([2, 0xd935], [2, length], new Uint8Array(length)) },
        gap: 9000,
      };
      const source = recordedSource(buildZip([spec, { name: "filler", data: sampleBytes(70_000) }]));
      const zip = await openZip(source);
      const before = source.asked.length;
      expect(sameBytes(await zip.get("aligned").bytes(), sampleBytes(70_000))).toBe(true);
      expect(source.asked.length - before).toBeLessThanOrEqual(2);
      expect(zip.source.receipt.bytesReceived).toBeLessThan(
        65_536 + zip.get("aligned").storedSize + length + 600,
      );
      const range = await zip.get("aligned").range();
      expect(range.start).toBe(30 + 7 + 4 + length);
    }
  });

  it("says where its stored bytes lie, without reading them, once", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const entry = zip.get("m3");
    const before = zip.source.receipt.bytesReceived;
    const range = await entry.range();
    expect(range).toEqual(new Range(15_003 + 4 * 32, 15_003 + 4 * 32 + 5003));
    expect(zip.source.receipt.bytesReceived - before).toBeLessThan(600);
    const asked = source.asked.length;
    expect(await entry.range()).toEqual(range);
    expect(source.asked.length).toBe(asked);
    expect(await zip.source.read(range)).toEqual(sampleBytes(5003));
  });

  it("streams a large member with back-pressure, and leaves the wire when the consumer does", async () => {
    const data = sampleBytes(4_000_000);
    const zip = await openZip(
      recordedSource(
        buildZip([
          { name: "big", data },
          { name: "small", data: text("x") },
        ]),
      ),
    );
    const reader = zip.get("big").stream().getReader();
    const first = await reader.read();
    expect(first.value?.length).toBeGreaterThan(0);
    expect(zip.source.receipt.bytesReceived).toBeLessThan(3_000_000);
    await reader.cancel();
    expect(sameBytes(await drain(zip.get("big").stream()), data)).toBe(true);
  });

  it("is refused above maxBytes before anything is asked for, but streams", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const asked = source.asked.length;
    const entry = zip.get("m0");
    await expect(entry.bytes({ maxBytes: 4999 })).rejects.toMatchObject({ code: "LIMIT" });
    await expect(zip.readMany([entry], { maxBytes: 4999 })).rejects.toMatchObject({ code: "LIMIT" });
    expect(source.asked.length).toBe(asked);
    expect((await entry.bytes({ maxBytes: 5000 })).length).toBe(5000);
    const strict = await openZip(many, { maxEntryBytes: 10 });
    await expect(strict.get("m0").bytes()).rejects.toMatchObject({ code: "LIMIT" });
    expect((await drain(strict.get("m0").stream())).length).toBe(5000);
  });

  it("rejects with the signal's own reason, before and during a read", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    const reason = { why: "no longer wanted" };
    await expect(zip.get("m0").bytes({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    let release = (): void => undefined;
    source.gate = new Promise((resolve) => {
      release = resolve;
    });
    const aborting = new AbortController();
    const reads = [
      zip.get("m1").bytes({ signal: aborting.signal }),
      drain(zip.get("m1").stream({ signal: aborting.signal })),
      zip.readMany([zip.get("m2")], { signal: aborting.signal }),
      zip.get("m4").range({ signal: aborting.signal }),
    ];
    const other = zip.get("m5").bytes();
    const outcomes = Promise.allSettled(reads);
    await new Promise((resolve) => setTimeout(resolve, 5));
    aborting.abort(reason);
    for (const outcome of await outcomes) expect(outcome).toEqual({ status: "rejected", reason });
    release();
    source.gate = undefined;
    expect(await other).toEqual(sampleBytes(5005));
  });

  it("rejects a pending read as CLOSED when the archive closes", async () => {
    const source = recordedSource(many);
    const zip = await openZip(source);
    let release = (): void => undefined;
    source.gate = new Promise((resolve) => {
      release = resolve;
    });
    const pending = expect(zip.get("m0").bytes()).rejects.toMatchObject({ code: "CLOSED" });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await zip.close();
    await pending;
    release();
  });

  it("refuses as text what is no UTF-8", async () => {
    const zip = await openZip(buildZip([{ name: "a", data: Uint8Array.of(0x61, 0xff) }]));
    await expect(zip.get("a").text()).rejects.toMatchObject({ code: "FORMAT" });
  });

  it("belongs to the caller: writing into it changes no later read", async () => {
    const zip = await openZip(buildZip(SMALL));
    for (const name of ["docs/readme.txt", "docs/data.csv"]) {
      const first = await zip.get(name).bytes();
      const copy = first.slice();
      first.fill(0);
      expect(await zip.get(name).bytes()).toEqual(copy);
    }
  });
});

describe("all bytes of one member", () => {
  it("keep little more alive than themselves, stored or deflated, small or large", async () => {
    const members = [
      { name: "small", data: sampleBytes(100) },
      { name: "large", data: sampleBytes(3_000_000) },
      { name: "small deflated", data: sampleBytes(100), method: 8 },
      { name: "large deflated", data: sampleBytes(3_000_000), method: 8 },
    ];
    const zip = await openZip(buildZip(members));
    for (const { name, data } of members) {
      const bytes = await zip.get(name).bytes();
      expect(sameBytes(bytes, data)).toBe(true);
      expect(bytes.buffer.byteLength).toBeLessThanOrEqual(data.length * 1.0625);
    }
    await zip.close();
  });
});
