import { describe, expect, it } from "vitest";
import { expectSameBytes } from "../../test/same-bytes.ts";
import { cutUp, type SeekTableSpec, seekableZstd, zstdFrame } from "../../test/tar/build-zstd.ts";
import { concatBytes } from "../bytes/collect-bytes.ts";
import { patternBytes } from "../testing/pattern-bytes.ts";
import type { Chunk, RestartPlace } from "./decoder.ts";
import { decompressZstd } from "./zstd.ts";
import { parseSeekFooter, parseSeekTable, SEEK_FOOTER_BYTES, type SeekFrame } from "./zstd-seek-table.ts";

const WHAT = "x.zst";
const DATA = patternBytes(700_000, 3);
const PARTS = cutUp(DATA, 300_000);

/** Read as a caller does: the end, then the table; of views that start somewhere. */
function readTable(file: Chunk): SeekFrame[] | undefined {
  const shifted = concatBytes([Uint8Array.of(1, 2, 3), file]).subarray(3);
  const footer = parseSeekFooter(shifted.subarray(-SEEK_FOOTER_BYTES), WHAT);
  if (footer === undefined) return undefined;
  const dataBytes = file.length - footer.byteLength;
  return parseSeekTable(shifted.subarray(dataBytes), footer, { what: WHAT, dataBytes });
}

describe("the seek table of zstd", () => {
  it.each([true, false])("tells of each frame, with checksums: %s", async (checksums) => {
    const frames = readTable(await seekableZstd(PARTS, { checksums }));
    expect(frames?.map(({ storedSize, size }) => [storedSize, size])).toEqual(
      PARTS.map((part) => [zstdFrame(part).length, part.length]),
    );
    expect(frames?.map(({ checksum }) => checksum !== undefined)).toEqual([checksums, checksums, checksums]);
  });

  it("is one of the frames that are skipped: a reader who does not know it reads the same", async () => {
    const file = await seekableZstd(PARTS);
    const chunks: Chunk[] = [];
    const places: RestartPlace[] = [];
    const onRestart = (place: RestartPlace): void => void places.push(place);
    for await (const chunk of decompressZstd(feed(file), { what: WHAT, onRestart })) chunks.push(chunk);
    expectSameBytes(concatBytes(chunks), DATA);
    let [byte, position] = [0, 0];
    for (const [index, { storedSize, size }] of (readTable(file) as SeekFrame[]).entries()) {
      expect(places[index]).toEqual({ byte, bit: 0, position, copyWindow: undefined });
      byte += storedSize;
      position += size;
    }
    expect(places.length).toBe(3);
  });

  it("is not there where the end is another", () => {
    expect(readTable(zstdFrame(DATA))).toBe(undefined);
  });

  it.each<[string, SeekTableSpec]>([
    ["reserved bits", { flags: 4 }],
    ["fewer frames than entries", { frames: 2 }],
    ["frames of more bytes than there are", { edit: ([first]) => first && (first[0] += 1) }],
    ["frames of fewer bytes than there are", { edit: ([first]) => first && (first[0] -= 1) }],
    ["frames of 4 GiB", { edit: ([first]) => first && (first[0] = 0xffff_ffff) }],
  ])("with %s is FORMAT", async (_, spec) => {
    const file = await seekableZstd(PARTS, spec);
    expect(() => readTable(file)).toThrow(expect.objectContaining({ code: "FORMAT" }));
  });

  it("of more frames than the file has room for is told by its length alone", () => {
    const footer = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x80, 0xb1, 0xea, 0x92, 0x8f);
    expect(parseSeekFooter(footer, WHAT)?.byteLength).toBe(8 + 12 * 0xffff_ffff + 9);
  });
});

async function* feed(bytes: Chunk): AsyncGenerator<Chunk, void, void> {
  yield* cutUp(bytes, 10_007);
}
