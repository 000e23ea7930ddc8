import { request } from "node:http";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ResponseParser } from "../../src/http/response-parser.ts";

interface Reading {
  status: number | undefined;
  fields: (string | null | undefined)[];
  body: string;
}

const FIELDS = ["content-range", "content-length", "transfer-encoding", "etag", "location", "x"];

/** What node:http makes of an answer after which the connection ends; undefined where it refuses any of it. */
async function readByNode(answer: Uint8Array): Promise<Reading | undefined> {
  const socket = new Duplex({
    read() {},
    write(_request, _encoding, done) {
      done();
      this.push(answer);
      this.push(null);
    },
  });
  return new Promise((resolve) => {
    const refused = (): void => resolve(undefined);
    const asked = request({ createConnection: () => socket, headers: { host: "a.invalid" } });
    asked.on("error", refused).on("upgrade", refused);
    asked.on("response", (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", refused).on("end", () => {
        const fields = FIELDS.map((name) => response.headers[name] as string | undefined);
        resolve(response.complete ? { status: response.statusCode, fields, body } : undefined);
      });
    });
    asked.end();
  });
}

/** The same by ours, and how many of the bytes it took for the answer. */
function readByOurs(
  answer: Uint8Array<ArrayBuffer>,
  step: number,
): (Reading & { taken: number }) | undefined {
  const got = {
    status: undefined as number | undefined,
    fields: [] as Reading["fields"],
    body: "",
    taken: 0,
  };
  const parser = new ResponseParser({
    onHead: ({ status, headers }) => {
      got.status = status;
      got.fields = FIELDS.map((name) => headers.get(name) ?? undefined);
    },
    onData: (chunk) => {
      got.body += String.fromCharCode(...chunk);
    },
  });
  parser.begin("GET");
  try {
    for (let at = 0; at < answer.byteLength && !parser.isOver; at += step)
      got.taken += parser.push(answer.slice(at, at + step));
  } catch {
    return undefined;
  }
  return parser.end() ? got : undefined;
}

const SEEDS = [
  'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/9\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello',
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\nabc\r\n2;a=b\r\nde\r\n0\r\nT: u\r\n\r\n",
  "HTTP/1.0 200 OK\r\nLocation: /a b\r\n\r\nuntil the end",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
];
const BITS = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  ":",
  ",",
  "0",
  "1",
  "f",
  "-",
  "\0",
  "\x7f",
  "\xe9",
  ";",
  "chunked",
  "Content-Length: 5\r\n",
];

/** An answer with up to three places where something was put in, taken out or written over. */
const mutated = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        drop: fc.integer({ min: 0, max: 3 }),
        put: fc.constantFrom("", ...BITS),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([seed, edits]) =>
    edits.reduce((text, { at, drop, put }) => {
      const index = Math.floor(at * text.length);
      return text.slice(0, index) + put + text.slice(index + drop);
    }, seed),
  );

it("whatever our parser takes, node:http takes as well, and reads the same", async () => {
  let both = 0;
  await fc.assert(
    fc.asyncProperty(mutated, fc.integer({ min: 1, max: 64 }), async (text, step) => {
      const answer = new Uint8Array(Buffer.from(text, "latin1"));
      const ours = readByOurs(answer, step);
      if (ours === undefined) return;
      both++;
      // What follows the answer is no part of it: Node would take it for another one, and give both up.
      const { taken, ...reading } = ours;
      expect(await readByNode(answer.subarray(0, taken))).toEqual(reading);
    }),
    { numRuns: 2000, seed: 20 },
  );
  expect(both).toBeGreaterThan(200);
});
