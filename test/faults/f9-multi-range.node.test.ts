import { afterEach, describe, expect, it } from "vitest";
import { type OpenOptions, openSource } from "../../src/index.ts";
import type { Range } from "../../src/ranges/range.ts";
import { RangeSet } from "../../src/ranges/range-set.ts";
import { resolveHttpSettings } from "../../src/source/http-options.ts";
import type { HttpSource } from "../../src/source/http-source.ts";
import { Meter } from "../../src/source/meter.ts";
import { readParts } from "../../src/source/multi-range.ts";
import { openHttpSource } from "../../src/source/open-http-source.ts";
import { capabilitiesOf, originsInUse } from "../../src/source/origin.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServerOptions, startRangeServer } from "../../src/testing/range-server.node.ts";
import { type RawExchange, type RawStep, startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import {
  type Fields,
  failure,
  file,
  head,
  opening,
  otherFile,
  partial,
  play,
  quick,
} from "./scenario.node.ts";

type Pair = readonly [start: number, end: number];

/** What every scripted session asks for, unless it says otherwise. */
const wanted: readonly Pair[] = [
  [100, 110],
  [200, 220],
  [300, 330],
];
const asList = "bytes=100-109,200-219,300-329";

/** One part; `says` is what its Content-Range claims, `bytes` what it holds. */
interface Part {
  readonly says: Pair | string;
  readonly bytes?: Uint8Array | string;
  readonly fields?: string;
}

const part = (start: number, end: number, more: Partial<Part> = {}): Part => ({
  says: [start, end],
  ...more,
});
const right = wanted.map(([start, end]) => part(start, end));

function bodySteps(parts: readonly Part[], boundary = "sep"): RawStep[] {
  return parts.flatMap(({ says, bytes, fields = "" }) => {
    const range = typeof says === "string" ? says : `bytes ${says[0]}-${says[1] - 1}/1000`;
    const data = bytes ?? (typeof says === "string" ? "" : file.slice(...says));
    return [`\r\n--${boundary}\r\n${fields}${range === "" ? "" : `Content-Range: ${range}\r\n`}\r\n`, data];
  });
}

const byteLength = (steps: readonly RawStep[]): number =>
  steps.reduce((sum, step) => {
    if (typeof step === "string") return sum + step.length;
    return step instanceof Uint8Array ? sum + step.byteLength : sum;
  }, 0);

/** What an answer declares of itself. */
interface Declared {
  readonly boundary?: string;
  readonly type?: string;
  readonly fields?: Fields;
}

/** A whole multipart answer to the list. */
function list(parts: readonly Part[], declared: Declared = {}): RawExchange {
  const { boundary = "sep", type = `multipart/byteranges; boundary=${boundary}`, fields } = declared;
  const body = [...bodySteps(parts, boundary), `\r\n--${boundary}--\r\n`];
  return raw(body, { "Content-Type": type, "Content-Length": byteLength(body), ...fields });
}

/** A multipart answer of these very steps. */
function raw(body: readonly RawStep[], fields: Fields = {}): RawExchange {
  const type = "multipart/byteranges; boundary=sep";
  const send = [head("206 Partial Content", { "Content-Type": type, ETag: '"a"', ...fields }), ...body];
  return { expect: { range: asList, headers: { "if-match": '"a"', "accept-encoding": "identity" } }, send };
}

/** A multipart answer that ends with its connection. */
const cut = (...body: RawStep[]): RawExchange =>
  raw([...body, { close: "end" }], { Connection: "close", "Content-Length": undefined });

/** The single ranges that are asked for instead, one after the other. */
const singles = (...ranges: Pair[]): RawExchange[] =>
  ranges.map(([start, end]) => ({
    expect: { range: `bytes=${start}-${end - 1}` },
    send: partial(start, end),
  }));

interface Opened {
  readonly source: HttpSource;
  readonly meter: Meter;
}

async function open(url: string, options: OpenOptions = {}): Promise<Opened> {
  const meter = new Meter();
  // One connection, so that a script has one order.
  const settings = resolveHttpSettings(url, { ...quick, maxConnections: 1, ...options }, meter);
  const probe = { kind: "span", range: new RangeSet([[0, 10]]).span() as Range } as const;
  const { source, first } = await openHttpSource(settings, { ask: probe, exact: false }, undefined);
  while ((await first?.body.read()) !== undefined);
  return { source, meter };
}

interface Outcome {
  /** `bytes`, or the code of the error. */
  readonly result: string;
  readonly multiRange: boolean | undefined;
  readonly meter: Meter;
}

/** Plays a session of one `readParts`, compares what it gives with the file, and what the meter says with the script. */
async function readScripted(answers: readonly RawExchange[], options: OpenOptions = {}): Promise<Outcome> {
  const server = await startRawServer([opening, ...answers]);
  const url = `${server.url}/file`;
  const { source, meter } = await open(url, options);
  let result = "bytes";
  try {
    const parts = await readParts(source, wanted);
    expect(parts).toHaveLength(wanted.length);
    for (const [index, bytes] of parts.entries())
      expectSameBytes(bytes, file.slice(...(wanted[index] as Pair)));
    expect(meter.ranges.byteLength).toBeGreaterThanOrEqual(70);
  } catch (error) {
    result = (error as { code?: string }).code ?? String(error);
  }
  const multiRange = capabilitiesOf(url)?.multiRange;
  await source.close();
  await server.close();
  expect(meter.requests).toBe(1 + answers.length);
  return { result, multiRange, meter };
}

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

  it("149. a truncated part keeps those before it, and the rest is asked for", async () => {
    const [one, two] = right as [Part, Part];
    const before = bodySteps([one, two]);
    const truncated = cut(
      ...before,
      "\r\n--sep\r\nContent-Range: bytes 300-329/1000\r\n\r\n",
      file.slice(300, 320),
    );
    const { result, meter } = await readScripted([truncated, ...singles([300, 330])]);
    expect(result).toBe("bytes");
    expect(meter.bytesReceived).toBe(10 + byteLength(truncated.send.slice(1)) + 30);
  });

  it("149. a missing closing boundary leaves only the last part to ask for", async () => {
    expect((await readScripted([cut(...bodySteps(right)), ...singles([300, 330])])).result).toBe("bytes");
    expect((await readScripted([cut(...bodySteps(right), "\r\n--se"), ...singles([300, 330])])).result).toBe(
      "bytes",
    );
    expect(
      (await readScripted([cut(...bodySteps(right), "\r\n--sep-"), ...singles([300, 330])])).result,
    ).toBe("bytes");
  });

  it("149. a part that promised more than it holds is not believed where the body ends within it", async () => {
    // Without the delimiter as proof, the text around the next part would be taken for bytes of this one.
    const begun = bodySteps([part(100, 110), { says: [200, 220], bytes: file.slice(200, 205) }]);
    for (const text of ["\r\n--sep\r\n", "\r\n--sep\r\nConten"]) {
      const lying = cut(...begun, text);
      expect((await readScripted([lying, ...singles([200, 220], [300, 330])])).result).toBe("bytes");
    }
    const longer = cut(
      ...begun,
      "\r\n--sep\r\nContent-Range: bytes 300-329/1000\r\n\r\n",
      file.slice(300, 330),
    );
    expect((await readScripted([longer])).result).toBe("BAD_RESPONSE");
  });

  it("149. a body reset between two parts, or stalled, is completed by single ranges", async () => {
    const [one] = right as [Part];
    const before = [...bodySteps([one]), "\r\n--sep\r\nContent-"];
    expect(
      (await readScripted([raw([...before, { close: "reset" }]), ...singles([200, 220], [300, 330])])).result,
    ).toBe("bytes");
    const timeouts = { idleMs: 50 };
    const stalled = raw(before, { "Content-Length": 1000 });
    expect((await readScripted([stalled, ...singles([200, 220], [300, 330])], { timeouts })).result).toBe(
      "bytes",
    );
  });

  it("149. `retry: false` does not ask again", async () => {
    expect((await readScripted([cut(...bodySteps(right))], { retry: false })).result).toBe("SHORT_BODY");
  });

  it("149. a list that meets a 503 is repeated as a list", async () => {
    const busy = { expect: { range: asList }, send: [head("503 Busy", { "Content-Length": 0 })] };
    expect(await readScripted([busy, list(right)])).toMatchObject({ result: "bytes", multiRange: true });
  });

  it.each<[what: string, broken: Part]>([
    ["folded", part(100, 110, { fields: "X-One: a\r\n b\r\n" })],
    ["of 100 KiB", part(100, 110, { fields: `X-One: ${"a".repeat(100 * 1024)}\r\n` })],
    ["without Content-Range", { says: "", bytes: file.slice(100, 110) }],
    ["with two of them", part(100, 110, { fields: "Content-Range: bytes 100-109/1000\r\n" })],
    ["with a malformed one", { says: "bytes 100-109/1000, bytes 0-1/1000", bytes: file.slice(100, 110) }],
    ["with LF-only lines", part(100, 110, { fields: "X-One: a\n" })],
  ])("150. part headers %s are BAD_RESPONSE, and lists not sent again", async (_, broken) => {
    const answer = list([broken, part(200, 220), part(300, 330)]);
    expect(await readScripted([answer])).toMatchObject({ result: "BAD_RESPONSE", multiRange: false });
  });

  it("150. a body of LF-only lines throughout is BAD_RESPONSE", async () => {
    const body = ["--sep\nContent-Range: bytes 100-109/1000\n\n", file.slice(100, 110), "\n--sep--\n"];
    expect((await readScripted([raw(body, { "Content-Length": byteLength(body) })])).result).toBe(
      "BAD_RESPONSE",
    );
  });

  it("150. a header block without an end is given up at 16 KiB", async () => {
    const endless = raw(["--sep\r\n", "X-One: a\r\n".repeat(4000)], { "Content-Length": 1_000_000_000 });
    const { result, meter } = await readScripted([endless]);
    expect(result).toBe("BAD_RESPONSE");
    expect(meter.bytesReceived).toBeLessThan(200_000);
  });

  it("150. a part that is coded is ENCODED, and so is the whole answer", async () => {
    const coded = list([part(100, 110, { fields: "Content-Encoding: gzip\r\n" })]);
    expect((await readScripted([coded])).result).toBe("ENCODED");
    expect((await readScripted([list(right, { fields: { "Content-Encoding": "gzip" } })])).result).toBe(
      "ENCODED",
    );
  });

  describe("151. a multipart answer to a single range", () => {
    const single = (parts: readonly Part[]): RawExchange => ({
      ...list(parts),
      expect: { range: "bytes=100-109" },
    });

    it("is accepted where it is exactly one part that fits", async () => {
      expect(await play({ answers: [single([part(100, 110)])] })).toBe("bytes");
      expect(await play({ answers: [single([part(90, 120)])] })).toBe("bytes");
      const shorter = [
        single([part(100, 104)]),
        { expect: { range: "bytes=104-109" }, send: partial(104, 110) },
      ];
      expect(await play({ answers: shorter })).toBe("bytes");
      expect(
        await play({
          open: { ...list([part(0, 10)]), expect: { range: "bytes=0-9" } },
          answers: [single([part(100, 110)])],
        }),
      ).toBe("bytes");
    });

    it("is BAD_RESPONSE where it is another one, or several, or broken", async () => {
      const others = [
        [part(200, 210)],
        [part(101, 110)],
        [part(100, 110), part(200, 210)],
        [part(100, 105), part(105, 110)],
        [part(100, 110, { bytes: file.slice(100, 109) })],
        [{ says: "items 100-109/1000", bytes: file.slice(100, 110) }],
      ];
      for (const parts of others) expect(await play({ answers: [single(parts)] })).toBe("BAD_RESPONSE");
    });

    it("is asked for again where it broke off", async () => {
      const broken = { ...cut(...bodySteps([part(100, 110)])), expect: { range: "bytes=100-109" } };
      expect(await play({ answers: [broken, single([part(100, 110)])] })).toBe("bytes");
    });

    it("is held against the pinned identity", async () => {
      const other = {
        ...list([part(100, 110)], { fields: { ETag: '"b"' } }),
        expect: { range: "bytes=100-109" },
      };
      expect(await play({ answers: [other] })).toBe("CHANGED");
      const grown = single([{ says: "bytes 100-109/1001", bytes: file.slice(100, 110) }]);
      expect(await failure({ answers: [grown] })).toMatchObject({ code: "CHANGED" });
    });

    it("by the range server is read like any other, and every byte of it counted", async () => {
      const server = await startRangeServer({ files: { file }, misbehave: "multipart" });
      const source = await openSource(`${server.url}/file`, quick);
      expectSameBytes(await source.read([100, 500]), file.slice(100, 500));
      expectSameBytes(
        new Uint8Array(await new Response(source.stream([500, 700])).arrayBuffer()),
        file.slice(500, 700),
      );
      expect(source.receipt.bytesReceived).toBeGreaterThan(610 + 3 * 100);
      await source.close();
      await server.close();
    });
  });

  it("152. parts of another total than was pinned are CHANGED", async () => {
    const grown = [part(100, 110), { says: "bytes 200-219/1001", bytes: file.slice(200, 220) }];
    expect((await readScripted([list(grown)])).result).toBe("CHANGED");
  });

  it("152. parts whose totals differ are BAD_RESPONSE where identity is ignored", async () => {
    const mixed = [part(100, 110), { says: "bytes 200-219/1001", bytes: file.slice(200, 220) }];
    const answer = { ...list(mixed), expect: { range: asList } };
    expect((await readScripted([answer], { identity: "ignore" })).result).toBe("BAD_RESPONSE");
  });

  it("152. parts in other units are BAD_RESPONSE, parts of an unknown total are taken", async () => {
    const units = [part(100, 110), { says: "items 200-219/1000", bytes: file.slice(200, 220) }];
    expect((await readScripted([list(units)])).result).toBe("BAD_RESPONSE");
    const secret = wanted.map(([start, end]) => ({
      says: `bytes ${start}-${end - 1}/*`,
      bytes: file.slice(start, end),
    }));
    expect((await readScripted([list(secret)])).result).toBe("bytes");
  });

  it("152. parts of another ETag are CHANGED, parts without one only told of", async () => {
    expect((await readScripted([list(right, { fields: { ETag: '"b"' } })])).result).toBe("CHANGED");
    expect((await readScripted([list(right, { fields: { ETag: undefined } })])).result).toBe("bytes");
    const strict = { identity: "strict" } as const;
    expect((await readScripted([list(right, { fields: { ETag: undefined } })], strict)).result).toBe(
      "NO_IDENTITY",
    );
  });
});

describe("reading parts", () => {
  const big = patternBytes(300_000, 3);
  const start = async (options: Partial<RangeServerOptions> = {}) => {
    const server = await startRangeServer({ files: { file: big }, ...options });
    return { server, ...(await open(`${server.url}/file`, { maxConnections: 4 })) };
  };
  const many = Array.from({ length: 120 }, (_, index): Pair => [index * 1000 + 5, index * 1000 + 15 + index]);
  const check = (parts: readonly Uint8Array[], ranges: readonly Pair[]): void => {
    expect(parts).toHaveLength(ranges.length);
    for (const [index, range] of ranges.entries())
      expectSameBytes(parts[index] as Uint8Array, big.slice(...range));
  };

  it.each(["rfc9110", "nginx"] as const)(
    "of 120 ranges takes three requests of a server like %s",
    async (profile) => {
      const { server, source } = await start({ profile });
      check(await readParts(source, many), many);
      expect(server.requests).toHaveLength(1 + 3);
      await source.close();
      await server.close();
    },
  );

  it("takes any order, duplicates, overlaps and empty ranges, and asks for what touches as one", async () => {
    const { server, source } = await start();
    const ranges: Pair[] = [
      [500, 600],
      [100, 200],
      [150, 250],
      [250, 300],
      [500, 600],
      [7, 7],
    ];
    const parts = await readParts(source, ranges);
    check(parts, ranges);
    expect(server.requests.map(({ headers }) => headers["range"])).toEqual([
      "bytes=0-9",
      "bytes=100-299,500-599",
    ]);
    parts[0]?.fill(0);
    expectSameBytes(parts[4] as Uint8Array, big.slice(500, 600));
    await source.close();
    await server.close();
  });

  it("of one range, or none, sends no list", async () => {
    const { server, source } = await start();
    check(await readParts(source, [[100, 200]]), [[100, 200]]);
    expect(await readParts(source, [])).toEqual([]);
    expect(server.requests.map(({ headers }) => headers["range"])).toEqual(["bytes=0-9", "bytes=100-199"]);
    await source.close();
    await server.close();
  });

  it("refuses a range outside the file before anything is sent", async () => {
    const { server, source } = await start();
    await expect(
      readParts(source, [
        [0, 10],
        [299_999, 300_001],
      ]),
    ).rejects.toMatchObject({ code: "OUT_OF_BOUNDS" });
    expect(server.requests).toHaveLength(1);
    await source.close();
    await server.close();
  });

  it("rejects with the reason of its signal, and with CLOSED, and leaves no connection behind", async () => {
    const { server, source } = await start({ bytesPerSecond: 20_000 });
    const wide: Pair[] = [
      [0, 100_000],
      [150_000, 290_000],
    ];
    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = readParts(source, wide, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    await expect(aborted).rejects.toBe(reason);
    const closed = readParts(source, wide);
    setTimeout(() => void source.close(), 50);
    await expect(closed).rejects.toMatchObject({ code: "CLOSED" });
    await expect(readParts(source, wide)).rejects.toMatchObject({ code: "CLOSED" });
    await expect.poll(() => server.connections).toBe(0);
    await server.close();
  });

  it("fails as a whole when one of its single ranges does", async () => {
    const gone = {
      name: "status",
      status: 404,
      on: (request: { headers: Record<string, string> }) => request.headers["range"] === "bytes=7005-7021",
    };
    const { server, source } = await start({ maxRanges: 1, misbehave: gone as never });
    await expect(readParts(source, many)).rejects.toMatchObject({ code: "CHANGED" });
    await source.close();
    await server.close();
  });
});
