import { describe, expect, it } from "vitest";
import { openSource, RangeStream } from "../index.ts";

/**
 * As Go's file server before 1.20, which is Caddy's up to 2.6: no range of an empty file can be satisfied, and a suffix of it comes
 * as `bytes 0--1/0`, which is no Content-Range (RFC 9110 section 14.4).
 */
function serveEmptyAsOldGo(): { client: typeof fetch; asked: string[] } {
  const asked: string[] = [];
  const client = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const range = new Headers(init?.headers).get("range") ?? "";
    asked.push(range);
    const etag = '"rlp7wg0"';
    if (!range.startsWith("bytes=-")) {
      return new Response("invalid range: failed to overlap\n", {
        status: 416,
        headers: { etag, "content-range": "bytes */0" },
      });
    }
    const headers = { etag, "content-range": "bytes 0--1/0", "content-length": "0" };
    return new Response(null, { status: 206, headers });
  };
  return { client, asked };
}

describe("a suffix of an empty file, answered by 206 with no bytes", () => {
  it("opens it as empty, which a request for its leading bytes proves", async () => {
    const { client, asked } = serveEmptyAsOldGo();
    await using source = await openSource("https://example.org/empty", { client, probe: { suffix: 100 } });
    expect([source.size, source.identity.strength]).toEqual([0, "strong"]);
    expect(asked).toEqual(["bytes=-100", "bytes=0-32767"]);
  });

  it("is OUT_OF_BOUNDS as the first range of a stream", async () => {
    const { client } = serveEmptyAsOldGo();
    const opening = RangeStream.open("https://example.org/empty", { client, range: [-3] });
    await expect(opening).rejects.toMatchObject({ code: "OUT_OF_BOUNDS", size: 0 });
  });

  it("does not make a server that is asked for another file one without suffixes", async () => {
    const { client, asked } = serveEmptyAsOldGo();
    const options = { client, probe: { suffix: 100 } };
    await using _ = await openSource("https://example.org/empty", options);
    await using _other = await openSource("https://example.org/other", options);
    expect(asked.filter((range) => range === "bytes=-100").length).toBe(2);
  });
});
