import { expect, it } from "vitest";
import { isRangeStreamsError, openSource } from "../index.ts";
import { relayClient } from "./relay-client.ts";

const RELAY = "http://127.0.0.1:9/relay/token";
const bytes = new TextEncoder().encode("0123456789");

/** A relay that answers in turn, and what it was asked. */
function relayOf(...answers: Response[]): {
  client: typeof fetch;
  asked: { url: string; init: RequestInit }[];
} {
  const asked: { url: string; init: RequestInit }[] = [];
  const client: typeof fetch = async (input, init = {}) => {
    asked.push({ url: input instanceof Request ? input.url : String(input), init });
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("no more was expected");
    return answer;
  };
  return { client, asked };
}

const part = () =>
  new Response(bytes, { status: 206, headers: { "content-range": "bytes 0-9/10", etag: '"a"' } });
const told = (status: number, code: string, retryable = false) =>
  new Response(JSON.stringify({ code, message: `what ${code} is about`, retryable }), {
    status,
    headers: { "relay-error": code },
  });

it("sends the URL byte for byte, the range, and nothing else of the caller's", async () => {
  const { client, asked } = relayOf(part());
  const url = "https://files.example/a%2Fb+c?q=1&r=%3d#part";
  const headers = { authorization: "Bearer x", "x-custom": "y" };
  await using source = await openSource(url, {
    client: relayClient(RELAY, client),
    headers,
    credentials: "include",
  });
  expect(source.size).toBe(10);
  expect(source.identity).toMatchObject({ strength: "strong", etag: '"a"' });
  expect(asked.length).toBe(1);
  const { url: target, init } = asked[0] ?? { url: "", init: {} };
  expect(new URL(target).searchParams.getAll("url")).toEqual(["https://files.example/a%2Fb+c?q=1&r=%3d"]);
  expect(target.startsWith(`${RELAY}?url=`)).toBe(true);
  expect([...new Headers(init.headers).keys()]).toEqual(["range"]);
  expect([init.credentials, init.redirect]).toEqual(["omit", "error"]);
});

it("takes an object with a fetch method, and a Request", async () => {
  const { client, asked } = relayOf(part());
  await relayClient(new URL(RELAY), { fetch: client })(new Request("https://files.example/x"));
  expect(asked.map(({ url }) => new URL(url).searchParams.get("url"))).toEqual(["https://files.example/x"]);
});

it.each([
  [403, "BLOCKED_ADDRESS"],
  [413, "LIMIT"],
  [502, "RANGE_IGNORED"],
  [400, "INVALID_ARGUMENT"],
])("a %s with %s rejects with that code, once and without secrets", async (status, code) => {
  const { client, asked } = relayOf(told(status, code));
  const opening = openSource("https://files.example/x?token=hunter2", { client: relayClient(RELAY, client) });
  const error = await opening.catch((caught: unknown) => caught);
  expect(isRangeStreamsError(error)).toBe(true);
  expect(error).toMatchObject({
    code,
    status,
    message: `what ${code} is about`,
    url: "https://files.example/x",
  });
  expect(asked.length).toBe(1);
});

it("what may pass is tried again: an error that says so, and a quota of the relay", async () => {
  const full = new Response("", {
    status: 429,
    headers: { "relay-error": "RATE_LIMITED", "retry-after": "0" },
  });
  const { client, asked } = relayOf(told(502, "NETWORK", true), full, part());
  const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 2 };
  await using source = await openSource("https://files.example/x", {
    client: relayClient(RELAY, client),
    retry,
  });
  expect([source.size, asked.length]).toEqual([10, 3]);
});

it("what a server says passes as it is", async () => {
  const { client } = relayOf(new Response(null, { status: 404 }));
  const opening = openSource("https://files.example/x", { client: relayClient(RELAY, client) });
  await expect(opening).rejects.toMatchObject({ code: "NOT_FOUND", status: 404 });
});
