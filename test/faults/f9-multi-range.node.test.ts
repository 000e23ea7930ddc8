import { afterEach, describe, expect, it } from "vitest";
import { readParts } from "../../src/source/multi-range.ts";
import { capabilitiesOf, originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { startRangeServer } from "../../src/testing/range-server.node.ts";
import { type RawStep, startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import {
  asList,
  bodySteps,
  cut,
  list,
  open,
  type Pair,
  part,
  readScripted,
  right,
  singles,
  wanted,
} from "./list-scenario.node.ts";
import { file, head, otherFile, partial } from "./scenario.node.ts";

afterEach(() => expect(originsInUse()).toBe(0));

describe("F9: multi-range", () => {
  it("144. a list that is answered by the right parts costs one request, and is placed by Content-Range", async () => {
    const { result, multiRange, meter } = await readScripted([list(right)]);
    expect({ result, multiRange }).toEqual({ result: "bytes", multiRange: true });
    expect(String(meter.ranges)).toBe(
      "RangeSet{Range[0, 10), Range[100, 110), Range[200, 220), Range[300, 330)}",
    );
    const [answer] = list(right).send.slice(0, 1) as [string];
    const length = Number(/Content-Length: (\d+)/.exec(answer)?.[1]);
    // The CR LF behind the closing delimiter may or may not be taken in.
    expect(meter.bytesReceived).toBeGreaterThanOrEqual(10 + length - 2);
    expect(meter.bytesReceived).toBeLessThanOrEqual(10 + length);
  });

  it("144. a part of a whole answer that comes byte by byte is the same", async () => {
    const answer = list(right);
    const [first, ...body] = answer.send;
    const bytes = body.flatMap((step): RawStep[] => {
      if (typeof step === "string") return step.split("");
      return step instanceof Uint8Array ? Array.from(step, (byte) => Uint8Array.of(byte)) : [step];
    });
    const { result } = await readScripted([{ ...answer, send: [first as RawStep, ...bytes] }]);
    expect(result).toBe("bytes");
  });

  it("144. the legacy type and an answer without a length are taken as well", async () => {
    const type = "multipart/x-byteranges; boundary=sep";
    expect((await readScripted([list(right, { type })])).result).toBe("bytes");
    expect((await readScripted([cut(...bodySteps(right), "\r\n--sep--\r\n")])).result).toBe("bytes");
  });

  it("145. a list that is answered by the whole falls back to single ranges, and is not sent again", async () => {
    const server = await startRangeServer({ files: { file }, maxRanges: 1 });
    const { source, meter } = await open(`${server.url}/file`, { maxConnections: 3 });
    for (let time = 0; time < 2; time++) {
      const parts = await readParts(source, wanted);
      for (const [index, bytes] of parts.entries())
        expectSameBytes(bytes, file.slice(...(wanted[index] as Pair)));
    }
    const asked = server.requests.map(({ headers }) => headers["range"]);
    const alone = ["bytes=100-109", "bytes=200-219", "bytes=300-329"];
    expect(asked.slice(0, 2)).toEqual(["bytes=0-9", asList]);
    expect(asked.slice(2, 5).toSorted()).toEqual(alone);
    expect(asked.slice(5).toSorted()).toEqual(alone);
    expect(capabilitiesOf(server.url)).toMatchObject({ multiRange: false, ranges: true });
    expect(meter.retries).toBe(0);
    await source.close();
    await server.close();
  });

  it("145. a whole without an end is cut off at its head", async () => {
    const endless = {
      expect: { range: asList },
      send: [head("200 OK", { "Content-Length": 10_995_116_277_760, ETag: '"a"' }), file],
    };
    const { result, multiRange, meter } = await readScripted([endless, ...singles(...wanted)]);
    expect({ result, multiRange }).toEqual({ result: "bytes", multiRange: false });
    expect(meter.bytesReceived).toBeLessThan(1024 * 1024);
  });

  it("145. a whole of another version is CHANGED", async () => {
    const other = {
      expect: { range: asList },
      send: [head("200 OK", { "Content-Length": 1000, ETag: '"b"' }), otherFile],
    };
    expect((await readScripted([other])).result).toBe("CHANGED");
  });

  it.each([400, 403, 405, 416, 501])(
    "145. a list that is refused by status %i falls back as well",
    async (code) => {
      const refused = { send: [head(`${code} No`, { "Content-Length": 0 })] };
      const { result, multiRange } = await readScripted([refused, ...singles(...wanted)]);
      expect({ result, multiRange }).toEqual({ result: "bytes", multiRange: false });
    },
  );

  it("146. the first part alone as a plain 206 is used, and the rest asked for", async () => {
    const only = { expect: { range: asList }, send: partial(100, 110) };
    const { result, multiRange } = await readScripted([only, ...singles([200, 220], [300, 330])]);
    expect({ result, multiRange }).toEqual({ result: "bytes", multiRange: false });
  });

  it("146. one span merged over all or some of them is used", async () => {
    const merged = { expect: { range: asList }, send: partial(90, 340) };
    expect(await readScripted([merged])).toMatchObject({ result: "bytes", multiRange: true });
    const some = { expect: { range: asList }, send: partial(100, 215) };
    expect((await readScripted([some, ...singles([215, 220], [300, 330])])).result).toBe("bytes");
  });

  it("146. a merged span that breaks off is resumed", async () => {
    const [first, bytes] = partial(100, 330) as [string, Uint8Array];
    const broken = {
      expect: { range: asList },
      send: [first, bytes.slice(0, 150), { close: "end" }],
    } as const;
    expect((await readScripted([broken, ...singles([250, 330])])).result).toBe("bytes");
  });

  it("146. a multipart answer that leaves parts out is completed by single ranges", async () => {
    const { result } = await readScripted([list([part(200, 220)]), ...singles([100, 110], [300, 330])]);
    expect(result).toBe("bytes");
  });

  it("146. a span of other positions than asked blames the list", async () => {
    const other = { expect: { range: asList }, send: partial(500, 510) };
    const { result, multiRange } = await readScripted([other, ...singles(...wanted)]);
    expect({ result, multiRange }).toEqual({ result: "bytes", multiRange: false });
  });

  it("147. parts out of order, twice, overlapping, merged, cut finer or never asked for are placed where they belong", async () => {
    expect((await readScripted([list(right.toReversed())])).result).toBe("bytes");
    expect((await readScripted([list([...right, part(200, 220)])])).result).toBe("bytes");
    expect((await readScripted([list([part(100, 215), part(205, 330)])])).result).toBe("bytes");
    expect((await readScripted([list([part(0, 50), ...right, part(900, 1000)])])).result).toBe("bytes");
    const fine = [part(300, 310), part(310, 330), part(105, 110), part(100, 105), part(200, 220)];
    expect((await readScripted([list(fine)])).result).toBe("bytes");
  });

  it("147. parts that contradict each other are BAD_RESPONSE, whichever came first", async () => {
    const wrong = part(205, 215, { bytes: otherFile.slice(205, 215) });
    for (const parts of [
      [...right, wrong],
      [wrong, ...right],
    ]) {
      expect(await readScripted([list(parts)])).toMatchObject({ result: "BAD_RESPONSE", multiRange: false });
    }
  });

  it("147. parts that nobody asked for are given up after 1 MiB", async () => {
    const size = 3_000_000;
    const big = patternBytes(size, 7);
    const says = (start: number, end: number) => `bytes ${start}-${end - 1}/${size}`;
    const probe = { send: partial(0, 10, { "Content-Range": says(0, 10) }) };
    const extra = { says: says(500_000, size), bytes: big.slice(500_000) };
    const server = await startRawServer([
      probe,
      list([
        { says: says(100, 110), bytes: big.slice(100, 110) },
        extra,
        { says: says(200, 220), bytes: big.slice(200, 220) },
      ]),
      {
        expect: { range: "bytes=200-219" },
        send: [
          head("206 P", { "Content-Range": says(200, 220), "Content-Length": 20, ETag: '"a"' }),
          big.slice(200, 220),
        ],
      },
      {
        expect: { range: "bytes=300-329" },
        send: [
          head("206 P", { "Content-Range": says(300, 330), "Content-Length": 30, ETag: '"a"' }),
          big.slice(300, 330),
        ],
      },
    ]);
    const { source, meter } = await open(`${server.url}/file`);
    const parts = await readParts(source, wanted);
    for (const [index, bytes] of parts.entries())
      expectSameBytes(bytes, big.slice(...(wanted[index] as Pair)));
    expect(meter.bytesReceived).toBeLessThan(1_500_000);
    await source.close();
    await server.close();
  });

  it.each([
    ["quoted", 'multipart/byteranges; boundary="sep"', "sep"],
    ["with blanks", 'multipart/byteranges; boundary="a b c"', "a b c"],
    ["of more than 70 characters", `multipart/byteranges; boundary=${"x".repeat(100)}`, "x".repeat(100)],
    [
      "of regex characters",
      'multipart/byteranges; charset=x; boundary=".*+?^$|(a)[b]{2}\\\\d"',
      ".*+?^$|(a)[b]{2}\\d",
    ],
    ["that begins as a delimiter does", "multipart/byteranges; boundary=----", "----"],
  ])("148. a boundary %s is understood", async (_, type, boundary) => {
    expect((await readScripted([list(right, { boundary, type })])).result).toBe("bytes");
  });

  it("148. a boundary within the data is data", async () => {
    const text = "\r\n--sep--\r\n\r\n--sep\r\nContent-Range: bytes 0-9/1000\r\n\r\nnot a part";
    const tricky = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const ranges = [
      [0, tricky.byteLength],
      [500, 510],
    ] as const;
    const full = new Uint8Array(1000);
    full.set(tricky);
    const server = await startRawServer([
      {
        send: [
          head("206 P", { "Content-Range": "bytes 0-9/1000", "Content-Length": 10, ETag: '"a"' }),
          full.slice(0, 10),
        ],
      },
      {
        ...list([
          { says: [0, tricky.byteLength], bytes: tricky },
          { says: [500, 510], bytes: full.slice(500, 510) },
        ]),
        expect: { range: `bytes=0-${tricky.byteLength - 1},500-509` },
      },
    ]);
    const { source } = await open(`${server.url}/file`);
    const [first, second] = await readParts(source, ranges);
    expectSameBytes(first as Uint8Array, tricky);
    expectSameBytes(second as Uint8Array, full.slice(500, 510));
    await source.close();
    await server.close();
  });

  it.each([
    ["no boundary", "multipart/byteranges"],
    ["two boundaries", "multipart/byteranges; boundary=sep; boundary=sep"],
    ["another type", "application/octet-stream"],
  ])("148. a 206 of %s has no place for its bytes: BAD_RESPONSE", async (_, type) => {
    expect((await readScripted([list(right, { type })])).result).toBe("BAD_RESPONSE");
  });
});
