import { Agent } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { ask } from "../../test/lab/ask.node.ts";
import { type RawServer, type RawStep, startRawServer } from "./raw-server.node.ts";

const answer = (body: string, ...rest: RawStep[]): RawStep[] => [
  `HTTP/1.1 206 Partial Content\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  ...rest,
];

/** Everything that comes on a plain socket until it ends, or the code of the error. */
function talk(server: RawServer, text: string): Promise<{ text: string; error: string | undefined }> {
  return new Promise((resolve) => {
    let received = "";
    let error: string | undefined;
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(text, "latin1"));
    socket.on("data", (data) => {
      received += data.toString("latin1");
    });
    socket.on("error", (reason: NodeJS.ErrnoException) => {
      error = reason.code;
    });
    socket.on("close", () => resolve({ text: received, error }));
  });
}

const GET = "GET /x?y HTTP/1.1\r\nHost: h\r\nRange: bytes=0-2\r\nX-Odd: \u00ff\r\n\r\n";

test("bytes go out exactly as written, and the request is kept exactly as it came", async () => {
  const odd = "HTTP/1.1 200 \u00ff\u00fe\r\nContent-Length : +3\n\nabc";
  const server = await startRawServer([{ send: [odd, new Uint8Array([0, 255]), { close: "end" }] }]);
  expect(await talk(server, GET)).toEqual({ text: `${odd}\u0000\u00ff`, error: undefined });
  expect(server.requests).toEqual([
    {
      method: "GET",
      target: "/x?y",
      range: "bytes=0-2",
      headers: { host: "h", range: "bytes=0-2", "x-odd": "\u00ff" },
      connection: 1,
      text: GET,
    },
  ]);
  await server.close();
});

test("a reset comes after the bytes before it, and a pause takes its time", async () => {
  const server = await startRawServer([{ send: ["abc", { waitMs: 60 }, "def", { close: "reset" }] }]);
  const started = performance.now();
  expect(await talk(server, GET)).toEqual({ text: "abcdef", error: "ECONNRESET" });
  expect(performance.now() - started).toBeGreaterThan(55);
  await server.close();
});

test("answers follow the script over all connections, one after the other where requests are pipelined", async () => {
  const server = await startRawServer([
    { send: answer("one") },
    { send: [{ waitMs: 20 }, ...answer("two")] },
    { send: answer("three", { close: "end" }) },
  ]);
  const agent = new Agent({ keepAlive: true });
  expect((await ask(server.url, { agent })).text).toBe("one");
  agent.destroy();
  const { text } = await talk(server, GET + GET);
  expect(text.indexOf("two")).toBeGreaterThan(0);
  expect(text.indexOf("three")).toBeGreaterThan(text.indexOf("two"));
  expect(server.requests.map(({ connection }) => connection)).toEqual([1, 2, 2]);
  expect(server.totalConnections).toBe(2);
  await server.close();
});

test("a request may come in pieces", async () => {
  const server = await startRawServer([{ send: answer("whole", { close: "end" }) }]);
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  let received = "";
  socket.on("data", (data) => {
    received += data.toString();
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const piece of ["GET / HT", "TP/1.1\r\nHost: h\r", "\n\r", "\n"]) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await closed;
  expect(received).toContain("whole");
  await server.close();
});

test("a request too many is reset, and close tells it", async () => {
  const server = await startRawServer([{ send: answer("one") }]);
  await ask(server.url);
  await expect(ask(`${server.url}/more`, { headers: { Range: "bytes=9-" } })).rejects.toThrow();
  const complaint = /Request 2 was not expected: GET \/more \(Range: bytes=9-\)/;
  await expect(server.close()).rejects.toThrow(complaint);
  await expect(server.close()).rejects.toThrow(complaint);
});

test("a request that is not as expected is reset, and close tells each difference", async () => {
  const server = await startRawServer([
    {
      expect: {
        method: "HEAD",
        target: "/a",
        range: "bytes=0-1",
        headers: { "if-match": '"x"', cookie: null },
      },
      send: answer("one"),
    },
  ]);
  await expect(ask(`${server.url}/b`, { headers: { Cookie: "c=1" } })).rejects.toThrow();
  expect(server.problems).toHaveLength(1);
  const told = await server.close().catch((error: Error) => error.message);
  for (const part of [
    "method should be HEAD and is GET",
    "target should be /a and is /b",
    "range should be bytes=0-1 and is absent",
    'if-match should be "x" and is absent',
    "cookie should be absent and is c=1",
  ]) {
    expect(told).toContain(part);
  }
});

test("what is expected and comes is answered", async () => {
  const server = await startRawServer([
    { expect: { method: "GET", range: "bytes=0-1", headers: { cookie: null } }, send: answer("ab") },
    { expect: { range: null }, send: answer("cd") },
  ]);
  expect((await ask(server.url, { headers: { Range: "bytes=0-1" } })).text).toBe("ab");
  expect((await ask(server.url)).text).toBe("cd");
  await server.close();
});

test("a script that was not played to its end makes close reject", async () => {
  const server = await startRawServer([{ send: answer("one") }, { send: answer("two") }]);
  await ask(server.url);
  await expect(server.close()).rejects.toThrow("1 of 2 expected requests never came");
});

test("bytes that are no request make close reject", async () => {
  const server = await startRawServer([]);
  expect((await talk(server, "x".repeat(300_000))).error).toBeDefined();
  await expect(server.close()).rejects.toThrow(/sent \d+ bytes and no request/);
});

test("a connection left open by the script is cut by close", async () => {
  const server = await startRawServer([{ send: ["HTTP/1.1 200 OK\r\n"] }]);
  const talking = talk(server, GET);
  await expect.poll(() => server.requests.length).toBe(1);
  await server.close();
  expect((await talking).text).toContain("200 OK");
});
