import { describe, expect, it } from "vitest";
import { openSource, RangeStream } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { startRawServer } from "../../src/testing/raw-server.node.ts";
import { failure, file, head, opening, partial, partialHead, play, quick, status } from "./scenario.node.ts";

const right = { send: partial(100, 110) };
const whole = { send: [head("200 OK", { "Content-Length": 1000, ETag: '"a"' }), file] };
const once = { retry: false } as const;

describe("F1: status and headers", () => {
  it("1. a right 206 gives its bytes in one request", async () => {
    expect(await play({ answers: [{ expect: { range: "bytes=100-109" }, send: partial(100, 110) }] })).toBe(
      "bytes",
    );
  });

  it("2. a 200 with the 10 TB body behind it is refused at its head", async () => {
    const endless = { send: [head("200 OK", { "Content-Length": 10_995_116_277_760 }), file] };
    expect(await failure({ open: endless })).toMatchObject({ code: "RANGE_IGNORED", status: 200 });
  });

  it("3. a small 200 is refused as well, as the contract has it; 'download' serves every read from it", async () => {
    expect(await play({ open: whole })).toBe("RANGE_IGNORED");
    expect(await play({ open: whole, options: { ifRangesIgnored: "download" } })).toBe("bytes");
  });

  it("4. a 200 without a length is refused as well; 'download' takes it in", async () => {
    const open = { send: [head("200 OK", { Connection: "close" }), file, { close: "end" }] } as const;
    expect(await play({ open })).toBe("RANGE_IGNORED");
    expect(await play({ open, options: { ifRangesIgnored: "download" } })).toBe("bytes");
  });

  it("5. a 200 with a Content-Range is never taken for a part, nor for the whole", async () => {
    const open = {
      send: [head("200 OK", { "Content-Length": 10, "Content-Range": "bytes 0-9/1000" }), file.slice(0, 10)],
    };
    expect(await play({ open })).toBe("RANGE_IGNORED");
    expect(await play({ open, options: { ifRangesIgnored: "download" } })).toBe("BAD_RESPONSE");
  });

  it("6. a 206 without Content-Range is refused, even where its length fits", async () => {
    const answers = [{ send: partial(100, 110, { "Content-Range": undefined }) }];
    expect(await play({ answers })).toBe("BAD_RESPONSE");
  });

  it.each(["206 ", "206 Everything Is Fine", "206 \u00e9"])("7. the reason %j is accepted", async (line) => {
    const [, bytes] = partial(100, 110);
    const fields = { "Content-Range": "bytes 100-109/1000", "Content-Length": 10, ETag: '"a"' };
    expect(await play({ answers: [{ send: [head(line, fields), bytes as Uint8Array] }] })).toBe("bytes");
  });

  describe("while the size is a secret", () => {
    const open = { send: partial(0, 10, { "Content-Range": "bytes 0-9/*" }) };
    it("8. a 416 tells the size: OUT_OF_BOUNDS, not repeated", async () => {
      const answers = [status("416 Range Not Satisfiable", { "Content-Range": "bytes */1000" })];
      expect(await failure({ open, answers, read: [2000, 2010] })).toMatchObject({
        code: "OUT_OF_BOUNDS",
        size: 1000,
      });
    });
    it("9. a 416 without Content-Range is OUT_OF_BOUNDS of an unknown size", async () => {
      const answers = [status("416 Range Not Satisfiable")];
      const outcome = await failure({ open, answers, read: [2000, 2010] });
      expect(outcome).toMatchObject({ code: "OUT_OF_BOUNDS", size: undefined });
    });
    it("13. a 416 with a Content-Range in the form of a 206 tells nothing", async () => {
      const answers = [status("416 Range Not Satisfiable", { "Content-Range": "bytes 0-9/10" })];
      const outcome = await failure({ open, answers, read: [2000, 2010] });
      expect(outcome).toMatchObject({ code: "OUT_OF_BOUNDS", size: undefined });
    });
  });

  it("8. with a known size a range outside is OUT_OF_BOUNDS before anything is sent", async () => {
    expect(await failure({ read: [1000, 1010] })).toMatchObject({ code: "OUT_OF_BOUNDS", size: 1000 });
  });

  it("10. a 416 to a suffix longer than the file is asked again from its start", async () => {
    const open = [
      {
        expect: { range: "bytes=-65536" },
        ...status("416 Range Not Satisfiable", { "Content-Range": "bytes */1000" }),
      },
      { expect: { range: "bytes=0-32767" }, send: partial(0, 1000) },
      { expect: { range: "bytes=0-999" }, send: partial(0, 1000) },
    ];
    expect(await play({ open, options: { probe: { suffix: 65_536 } } })).toBe("bytes");
  });

  it("11. a 416 of an empty file opens it as one", async () => {
    await using server = await startRawServer([
      status("416 Range Not Satisfiable", { "Content-Range": "bytes */0", ETag: '"e"' }),
    ]);
    await using source = await openSource(`${server.url}/file`, quick);
    expect(source.size).toBe(0);
    expect(await source.read([0])).toEqual(new Uint8Array(0));
  });

  it("12. a 416 inside the pinned size means that the file shrank: CHANGED", async () => {
    expect(
      await play({ answers: [status("416 Range Not Satisfiable", { "Content-Range": "bytes */50" })] }),
    ).toBe("CHANGED");
  });

  it.each(["204 No Content", "205 Reset Content", "304 Not Modified"])(
    "14. a %s is BAD_RESPONSE",
    async (line) => {
      expect(await play({ answers: [{ send: [head(line)] }] })).toBe("BAD_RESPONSE");
    },
  );

  it("15. a 412 after conditions were shown to work is CHANGED, not repeated", async () => {
    const condition = { "if-match": '"a"' };
    const outcome = await (async () => {
      const server = await startRawServer([
        opening,
        { expect: { headers: condition }, send: partial(100, 110) },
        { expect: { headers: condition }, ...status("412 Precondition Failed") },
      ]);
      const source = await openSource(`${server.url}/file`, quick);
      await source.read([100, 110]);
      const late = await source.read([200, 210]).catch((error: { code: string }) => error.code);
      await source.close();
      await server.close();
      return late;
    })();
    expect(outcome).toBe("CHANGED");
  });

  it("16. a server that refuses every If-Match is asked without one from then on", async () => {
    const server = await startRawServer([
      opening,
      { expect: { headers: { "if-match": '"a"' } }, ...status("412 Precondition Failed") },
      { expect: { headers: { "if-match": null } }, send: partial(100, 110) },
      { expect: { headers: { "if-match": null } }, send: partial(200, 210) },
    ]);
    await using source = await openSource(`${server.url}/file`, quick);
    expect(await source.read([100, 110])).toEqual(file.slice(100, 110));
    expect(await source.read([200, 210])).toEqual(file.slice(200, 210));
    await server.close();
  });

  it.each(["400 Bad Request", "405 Method Not Allowed", "501 Not Implemented"])(
    "17. a %s to a suffix costs at most two more requests, once",
    async (line) => {
      await using server = await startRawServer([
        { expect: { range: "bytes=-100" }, ...status(line) },
        { expect: { range: "bytes=0-32767" }, send: partial(0, 1000) },
        { expect: { range: "bytes=900-999" }, send: partial(900, 1000) },
        // Remembered while a source of that origin is open: the next opening asks for no suffix.
        { expect: { range: "bytes=0-32767" }, send: partial(0, 1000) },
        { expect: { range: "bytes=900-999" }, send: partial(900, 1000) },
      ]);
      const options = { ...quick, probe: { suffix: 100 } };
      await using source = await openSource(`${server.url}/file`, options);
      expect(await source.read([900, 1000])).toEqual(file.slice(900, 1000));
      await using second = await openSource(`${server.url}/file`, options);
      expect(second.size).toBe(1000);
    },
  );

  it("19. a 401 is AUTH: not repeated, the scheme named, no credential shown", async () => {
    const answers = [status("401 Unauthorized", { "WWW-Authenticate": 'Bearer realm="x"' })];
    const outcome = await failure({ answers, options: { headers: { authorization: "Bearer hunter2" } } });
    expect(outcome).toMatchObject({ code: "AUTH", retryable: false, status: 401 });
    expect(outcome["message"]).toContain("Bearer");
    expect(outcome["message"]).not.toContain("hunter2");
  });

  it("20, 21. a 403 is AUTH, also one that says a request has expired, and does not loop", async () => {
    const body = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    const answers = [{ send: [head("403 Forbidden", { "Content-Length": body.length }), body] }];
    expect(await play({ answers })).toBe("AUTH");
    expect(await play({ open: status("403 Forbidden") })).toBe("AUTH");
  });

  it.each(["404 Not Found", "410 Gone"])(
    "22. a %s is NOT_FOUND at open, and CHANGED once open",
    async (line) => {
      expect(await play({ open: status(line) })).toBe("NOT_FOUND");
      expect(await play({ answers: [status(line)] })).toBe("CHANGED");
    },
  );

  it.each([408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524])(
    "23. a %i is tried again, then HTTP_STATUS with the number of tries",
    async (code) => {
      const failing = status(`${code} Trouble`);
      expect(await play({ answers: [failing, failing, right] })).toBe("bytes");
      const outcome = await failure({ answers: [failing, failing, failing] });
      expect(outcome).toMatchObject({ code: "HTTP_STATUS", status: code, attempts: 3, retryable: true });
    },
  );

  it("24. a 429 with Retry-After is heeded", async () => {
    const begun = performance.now();
    expect(await play({ answers: [status("429 Too Many Requests", { "Retry-After": 1 }), right] })).toBe(
      "bytes",
    );
    expect(performance.now() - begun).toBeGreaterThanOrEqual(990);
  });

  it("25. Retry-After: 0 tries again at once", async () => {
    const options = { retry: { attempts: 2, baseDelayMs: 5000, maxDelayMs: 5000 } };
    const begun = performance.now();
    expect(await play({ answers: [status("503 Trouble", { "Retry-After": 0 }), right], options })).toBe(
      "bytes",
    );
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it("26. Retry-After in the past is now, nonsense is ignored, and more than the call may last is RATE_LIMITED at once", async () => {
    const after = (value: string | number) => status("503 Trouble", { "Retry-After": value });
    expect(await play({ answers: [after("Wed, 21 Oct 2015 07:28:00 GMT"), right] })).toBe("bytes");
    expect(await play({ answers: [after("soon"), right] })).toBe("bytes");
    expect(await failure({ answers: [after(1_000_000_000)] })).toMatchObject({
      code: "RATE_LIMITED",
      retryAfterMs: 1e12,
    });
  });

  it("27. a 503 without Retry-After is tried again under back-off", async () => {
    expect(await play({ answers: [status("503 Slow Down"), right] })).toBe("bytes");
  });

  it.each([505, 507, 511])("28. a %i is not repeated", async (code) => {
    expect(await failure({ answers: [status(`${code} No`)] })).toMatchObject({
      code: "HTTP_STATUS",
      status: code,
    });
  });

  it("28. a 511 is named a captive portal", async () => {
    expect((await failure({ answers: [status("511 Login")] }))["message"]).toContain("captive portal");
  });

  it("29. interim answers are passed over", async () => {
    const interim = ["HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", ...partial(100, 110)];
    expect(await play({ answers: [{ send: interim }] })).toBe("bytes");
  });

  it("30. trailers are passed over", async () => {
    const fields = { "Content-Length": undefined, "Transfer-Encoding": "chunked", Trailer: "X-Sum" };
    const send = [partialHead(100, 110, fields), "a\r\n", file.slice(100, 110), "\r\n0\r\nX-Sum: 1\r\n\r\n"];
    expect(await play({ answers: [{ send }] })).toBe("bytes");
  });

  it("31. an unknown 2xx is BAD_RESPONSE", async () => {
    expect(await play({ answers: [status("299 Fine")] })).toBe("BAD_RESPONSE");
  });

  it("32. headers beyond 16 KiB are BAD_RESPONSE, not repeated", async () => {
    const answers = [{ send: partial(100, 110, { "X-Long": "x".repeat(20_000) }) }];
    expect(await failure({ answers })).toMatchObject({ code: "BAD_RESPONSE", retryable: false });
  });

  it("33. a web page in place of the file is RANGE_IGNORED and called one", async () => {
    const page = {
      send: [head("200 OK", { "Content-Type": "text/html; charset=utf-8", "Content-Length": 4 }), "<ht>"],
    };
    const outcome = await failure({ answers: [page], options: once });
    expect(outcome).toMatchObject({ code: "RANGE_IGNORED" });
    expect(outcome["message"]).toContain("web page");
  });

  it("34. two Content-Lengths are refused by the parser, and not asked for again", async () => {
    const send = [partialHead(100, 110, { "content-length": 10 }), file.slice(100, 110)];
    expect(await failure({ answers: [{ send }] })).toMatchObject({ code: "BAD_RESPONSE", attempts: 1 });
  });

  it.each(["+10", "1 0", "0xa", "-10", "9007199254740993", "10, 10"])(
    "35. Content-Length: %s is BAD_RESPONSE",
    async (length) => {
      expect(await play({ answers: [{ send: partial(100, 110, { "Content-Length": length }) }] })).toBe(
        "BAD_RESPONSE",
      );
    },
  );

  it("36. Accept-Ranges: none beside a right 206 changes nothing", async () => {
    expect(await play({ answers: [{ send: partial(100, 110, { "Accept-Ranges": "none" }) }] })).toBe("bytes");
  });

  it("37. Accept-Ranges: bytes beside a 200 changes nothing either", async () => {
    const open = { send: [head("200 OK", { "Content-Length": 1000, "Accept-Ranges": "bytes" }), file] };
    expect(await play({ open })).toBe("RANGE_IGNORED");
  });

  it("38. a 200 between right answers is met by another try, and at last RANGE_IGNORED", async () => {
    expect(await play({ answers: [whole, right] })).toBe("bytes");
    expect(await failure({ answers: [whole, whole, whole] })).toMatchObject({
      code: "RANGE_IGNORED",
      attempts: 3,
    });
  });

  it("a RangeStream meets the same refusals", async () => {
    await using server = await startRawServer([{ send: partial(2, 5) }, { send: partial(2, 5) }]);
    await expect(RangeStream.open(`${server.url}/file`, { ...quick, range: [0, 3] })).rejects.toMatchObject({
      code: "RANGE_MISMATCH",
    });
    expect(originsInUse()).toBe(0);
  });
});
