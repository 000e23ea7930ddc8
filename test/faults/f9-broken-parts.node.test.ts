import { afterEach, describe, expect, it } from "vitest";
import { openSource } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { startRangeServer } from "../../src/testing/range-server.node.ts";
import { type RawExchange } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import {
  asList,
  bodySteps,
  byteLength,
  cut,
  list,
  type Part,
  part,
  raw,
  readScripted,
  right,
  singles,
  wanted,
} from "./list-scenario.node.ts";
import { failure, file, head, partial, play, quick } from "./scenario.node.ts";

afterEach(() => expect(originsInUse()).toBe(0));

describe("F9: multi-range, broken off or wrong", () => {
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
