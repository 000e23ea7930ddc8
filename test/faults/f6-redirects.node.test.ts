import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { isRangeStreamsError, openSource, RangeStream, type SourceEvent } from "../../src/index.ts";
import { originsInUse } from "../../src/source/origin.ts";
import { type RawExchange, type RawServer, startRawServer } from "../../src/testing/raw-server.node.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { failure, file, head, partial, partialHead, play, quick, status } from "./scenario.node.ts";
import { selfSigned } from "./self-signed.node.ts";

const to = (location: string, line = "302 Found"): RawExchange => status(line, { Location: location });
const codeOf = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => "opened",
    (error: unknown) => (isRangeStreamsError(error) ? error.code : String(error)),
  );

describe("F6: redirects, credentials, URLs", () => {
  it("98. a redirect on the same origin is followed with its Range, and counted", async () => {
    await using server = await startRawServer([
      { expect: { target: "/file" }, ...to("/there") },
      { expect: { target: "/there", range: "bytes=0-9" }, send: partial(0, 10) },
    ]);
    await using source = await openSource(`${server.url}/file`, quick);
    expect(source.receipt.requests).toBe(2);
  });

  it("99. to another origin only Range, Accept-Encoding and the condition go along", async () => {
    const nothing = { authorization: null, cookie: null, "x-api-key": null, "x-custom": null };
    const identity = { "accept-encoding": "identity" };
    await using target = await startRawServer([
      { expect: { range: "bytes=0-9", headers: { ...nothing, ...identity } }, send: partial(0, 10) },
      {
        expect: { range: "bytes=100-109", headers: { ...nothing, "if-match": '"a"' } },
        send: partial(100, 110),
      },
    ]);
    const own = { authorization: "Bearer x", "x-api-key": "k" };
    await using server = await startRawServer([{ expect: { headers: own }, ...to(`${target.url}/there`) }]);
    const headers = { ...own, cookie: "c=1", "x-custom": "y" };
    await using source = await openSource(`${server.url}/file`, { ...quick, headers });
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
  });

  it.each([
    "file:///etc/passwd",
    "data:text/plain,x",
    "ftp://127.0.0.1/x",
    "javascript:alert(1)",
    "http://",
    "http://[::x]/",
  ])("101. a redirect to %s is refused", async (location) => {
    expect(await play({ open: to(location) })).toBe("REDIRECT");
  });

  it("102. redirects in a circle end after ten", async () => {
    expect(await play({ open: Array.from({ length: 11 }, () => to("/file")) })).toBe("REDIRECT");
  });

  it.each(["there", "./there", "/there", "/there#fragment", "//HOST/there", " /there "])(
    "103. the Location %j is resolved as the URL standard has it",
    async (location) => {
      const script: RawExchange[] = [];
      await using server = await startRawServer(script);
      script.push(to(location.replace("HOST", new URL(server.url).host)), {
        expect: { target: "/there" },
        send: partial(0, 10),
      });
      await using source = await openSource(`${server.url}/file`, quick);
      expect(source.size).toBe(1000);
    },
  );

  it("103. a redirect that leads nowhere is BAD_RESPONSE", async () => {
    expect(await play({ open: status("302 Found") })).toBe("BAD_RESPONSE");
  });

  it.each(["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])(
    "104. a %s keeps GET and Range",
    async (line) => {
      await using server = await startRawServer([
        to("/there", line),
        { expect: { method: "GET", range: "bytes=0-9" }, send: partial(0, 10) },
      ]);
      await using source = await openSource(`${server.url}/file`, quick);
      expect(source.size).toBe(1000);
    },
  );

  it.each(["403 Forbidden", "401 Unauthorized", "410 Gone"])(
    "105. a target that expired (%s) costs exactly two more requests",
    async (line) => {
      const server = await startRawServer([
        { expect: { target: "/file" }, ...to("/signed?1") },
        { expect: { target: "/signed?1" }, send: partial(0, 10) },
        { expect: { target: "/signed?1" }, send: partial(100, 110) },
        { expect: { target: "/signed?1" }, ...status(line) },
        { expect: { target: "/file", range: "bytes=200-209" }, ...to("/signed?2") },
        { expect: { target: "/signed?2" }, send: partial(200, 210) },
        { expect: { target: "/signed?2" }, send: partial(300, 310) },
      ]);
      const source = await openSource(`${server.url}/file`, quick);
      for (const start of [100, 200, 300]) {
        expectSameBytes(await source.read([start, start + 10]), file.slice(start, start + 10));
      }
      await source.close();
      await server.close();
    },
  );

  it("105. `resolveUrl` signs at open and again when its URL has expired", async () => {
    const server = await startRawServer([
      { expect: { target: "/signed?1" }, send: partial(0, 10) },
      { expect: { target: "/signed?1" }, ...status("403 Forbidden") },
      { expect: { target: "/signed?2" }, send: partial(100, 110) },
    ]);
    let signed = 0;
    const resolveUrl = (url: string) => new URL(`/signed?${++signed}`, url);
    const source = await openSource(`${server.url}/file`, { ...quick, resolveUrl });
    expectSameBytes(await source.read([100, 110]), file.slice(100, 110));
    await source.close();
    await server.close();
  });

  it("105. a `resolveUrl` that fails is NETWORK with its cause", async () => {
    const cause = new Error("no key");
    const opening = openSource("http://127.0.0.1:9/file", {
      ...quick,
      retry: false,
      resolveUrl: () => Promise.reject(cause),
    });
    await expect(opening).rejects.toMatchObject({ code: "NETWORK", cause });
  });

  it("106. a mirror that dies is replaced by the next, and another file there is CHANGED", async () => {
    const first = await startRawServer([{ send: partial(0, 10) }]);
    await using second = await startRawServer([{ send: partial(100, 110, { ETag: '"b"' }) }]);
    await using server = await startRawServer([to(`${first.url}/m`), to(`${second.url}/m`)]);
    await using source = await openSource(`${server.url}/file`, quick);
    await first.close();
    await expect(source.read([100, 110])).rejects.toMatchObject({ code: "CHANGED" });
  });

  it("108. userinfo becomes a field of its own origin, and is shown nowhere", async () => {
    const basic = `Basic ${btoa("me:hunter2")}`;
    await using target = await startRawServer([
      { expect: { headers: { authorization: null } }, ...status("403 Forbidden") },
    ]);
    await using server = await startRawServer([
      { expect: { headers: { authorization: basic } }, ...to(`${target.url}/x`) },
    ]);
    const events: SourceEvent[] = [];
    const url = server.url.replace("http://", "http://me:hunter2@");
    const opening = openSource(`${url}/file`, { ...quick, onEvent: (event) => events.push(event) });
    const error = await opening.catch((caught: unknown) => caught);
    expect(isRangeStreamsError(error, "AUTH")).toBe(true);
    expect(JSON.stringify(events) + String(error) + JSON.stringify(error)).not.toContain("hunter2");
  });

  it("109. secret parameters are sent, and shown nowhere", async () => {
    const target = "/file?v=1&X-Amz-Signature=hunter2&sig=hunter3&token=hunter4";
    await using server = await startRawServer([
      { expect: { target }, send: partial(0, 10) },
      status("500 Trouble"),
    ]);
    const events: SourceEvent[] = [];
    const options = { ...quick, retry: false, onEvent: (event: SourceEvent) => events.push(event) } as const;
    await using stream = await RangeStream.open(server.url + target, options);
    expect(stream.url).toBe(`${server.url}/file?v=1`);
    const error = await stream.source.read([100, 110]).catch((caught: unknown) => caught);
    const shown = JSON.stringify(events) + String(error) + stream.source.name + String(stream);
    expect(shown).not.toContain("hunter");
  });

  it.each(["a\r\nb", "a\nb", "a\0b"])(
    "110. the field value %j is refused before anything is sent, and not echoed",
    async (value) => {
      await using server = await startRawServer([]);
      const opening = openSource(`${server.url}/file`, {
        ...quick,
        headers: { "x-secret": `hunter2${value}` },
      });
      const error = await opening.catch((caught: unknown) => caught);
      expect(isRangeStreamsError(error, "INVALID_ARGUMENT")).toBe(true);
      expect(String(error)).not.toContain("hunter2");
    },
  );

  it("111. path and query go out byte for byte, since signatures cover them", async () => {
    const target = "/a%2Fb+c%20d/%C3%A9~'(x)?q=1+2&r=%2F%3d";
    await using server = await startRawServer([{ expect: { target }, send: partial(0, 10) }]);
    await using source = await openSource(server.url + target, quick);
    expect(source.size).toBe(1000);
  });

  it.each(["http://127.0.0.1:99999/x", "http://", "not a url", "ftp://127.0.0.1/x", "//host/x"])(
    "111. %s is INVALID_ARGUMENT",
    async (url) => {
      expect(await codeOf(openSource(url, quick))).toBe("INVALID_ARGUMENT");
    },
  );

  it("111. port 0, an IPv6 literal and a name with a dot at its end are NETWORK or answered, never a crash", async () => {
    for (const url of ["http://127.0.0.1:0/x", "http://[::1]:9/x", "http://localhost.:9/x"]) {
      expect(await codeOf(openSource(url, { ...quick, retry: false }))).toBe("NETWORK");
    }
    expect(originsInUse()).toBe(0);
  });

  it("113. a certificate nobody vouches for is NETWORK, not tried again", async () => {
    let requests = 0;
    const server = createServer(selfSigned, (_, response) => {
      requests++;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const error = await openSource(`https://127.0.0.1:${port}/file`, quick).catch(
      (caught: unknown) => caught,
    );
    server.close();
    expect(error).toMatchObject({ code: "NETWORK", retryable: false, attempts: 1 });
    expect((error as { cause: { code: string } }).cause.code).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
    expect(requests).toBe(0);
  });

  it("a redirect's own body is taken in without harm, long or short", async () => {
    const long = {
      send: [head("302 Found", { Location: "/there", "Content-Length": 500_000 }), new Uint8Array(500_000)],
    };
    await using server: RawServer = await startRawServer([
      long,
      { send: [partialHead(0, 10), file.slice(0, 10)] },
    ]);
    await using source = await openSource(`${server.url}/file`, quick);
    expect(source.size).toBe(1000);
  });

  it("a 3xx that is no redirect is BAD_RESPONSE", async () => {
    expect(await failure({ open: status("300 Multiple Choices", { Location: "/x" }) })).toMatchObject({
      code: "BAD_RESPONSE",
    });
  });
});
