// An origin whose link is imitated and whose counts are exact. Raw sockets: it shares two cores with what it measures.
// By hand: node bench/workloads/origin/origin.mjs [profile] [port] [folder]; then GET /-/reset, /-/counts, /-/cold (ends idle connections) and the files of files.mjs, or
// those of the folder.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { fileNamed as madeFileNamed } from "../files/files.mjs";
import { SegmentFile } from "../files/segment-file.mjs";
import { profiles } from "../profiles.mjs";
import { answerTo, parseRequest } from "./answer.mjs";
import { Link } from "./link.mjs";

const [profileName = "lan", port = "0", folder] = process.argv.slice(2);
const profile = profiles[profileName];
if (profile === undefined) throw new Error(`No profile ${profileName}; there are ${Object.keys(profiles)}`);
const link = new Link(profile);
let counts;
const reset = () => {
  counts = { requests: 0, connections: 0, bytes: 0 };
};
reset();

const kept = new Map();
const connections = new Set();

function fileNamed(name) {
  if (folder === undefined) return madeFileNamed(name);
  const path = join(folder, basename(name));
  if (!kept.has(path) && existsSync(path)) kept.set(path, new SegmentFile([{ bytes: readFileSync(path) }]));
  return kept.get(path);
}

/**
 * One client connection: answers come one after the other, each as long after its request as the link takes there and back. Of requests
 * that are sent before they are answered that is one and the same time.
 */
class Connection {
  #socket;
  #received = "";
  #isBusy = false;
  #isFirst = true;
  #openAt = 0;
  /** Requests behind that which is being answered, and when each came. */
  #waiting = [];
  #body;
  #counted = counts;
  credit = 0;
  filled;

  constructor(socket) {
    this.#socket = socket;
    connections.add(this);
    socket.setNoDelay(true);
    socket.on("data", (data) => this.#take(data.toString("latin1")));
    socket.on("drain", () => this.#body !== undefined && link.pump(this.#body));
    socket.on("error", () => undefined);
    socket.on("close", () => this.#close());
  }

  /** Ends it, unless it is at work. */
  endIdle() {
    if (!this.#isBusy) this.#socket.end();
  }

  #take(text) {
    this.#received += text;
    for (
      let request = parseRequest(this.#received);
      request !== undefined;
      request = parseRequest(this.#received)
    ) {
      this.#received = this.#received.slice(request.length);
      this.#waiting.push({ request, at: performance.now() });
    }
    this.#goOn();
  }

  #goOn() {
    if (this.#isBusy) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#isBusy = true;
    if (next.request.target.startsWith("/-/")) this.#control(next.request.target);
    else this.#serve(next);
  }

  #control(target) {
    const text = JSON.stringify(counts);
    if (target === "/-/reset") reset();
    if (target === "/-/cold") for (const connection of connections) connection.endIdle();
    this.#counted = counts;
    this.#socket.end(head({ status: "200 OK", lines: ["Connection: close"] }, text.length) + text);
  }

  #serve({ request, at }) {
    if (this.#isFirst) {
      counts.connections++;
      // Connecting takes the first of two round trips, whoever waits for it.
      this.#openAt = at + profile.rttMs;
    }
    counts.requests++;
    this.#counted = counts;
    this.#isFirst = false;
    const delayMs = Math.max(0, Math.ceil(Math.max(at, this.#openAt) + profile.rttMs - performance.now()));
    if (delayMs === 0) this.#answer(request);
    else setTimeout(() => this.#answer(request), delayMs);
  }

  #answer(request) {
    if (this.#socket.destroyed) return;
    // A query names no other file: it keeps caches out.
    const [name] = request.target.slice(1).split("?");
    const file = fileNamed(name);
    const answer =
      file === undefined ? { status: "404 Not Found", lines: [] } : answerTo(request, { name, file });
    const [start, end] = answer.body ?? [0, 0];
    const socket = this.#socket;
    socket.cork();
    socket.write(head(answer, end - start));
    if (request.method === "HEAD" || start === end) {
      socket.uncork();
      this.#next();
      return;
    }
    this.#send({ file, start, end });
    process.nextTick(() => socket.uncork());
  }

  #send({ file, start, end }) {
    const socket = this.#socket;
    const body = {
      connection: this,
      left: end - start,
      isBlocked: () => socket.writableNeedDrain,
      send: (bytes) => {
        const from = end - body.left;
        body.left -= bytes;
        this.#counted.bytes += bytes;
        socket.cork();
        for (const piece of file.pieces(from, from + bytes)) socket.write(piece);
        socket.uncork();
        if (body.left === 0) this.#next();
      },
    };
    this.#body = body;
    link.add(body);
  }

  #next() {
    this.#body = undefined;
    this.#isBusy = false;
    this.#goOn();
  }

  /** What was still in this process when the client left was not sent. */
  #close() {
    connections.delete(this);
    if (this.#body === undefined) return;
    link.delete(this.#body);
    this.#counted.bytes -= this.#socket.writableLength;
    this.#body = undefined;
  }
}

function head({ status, lines }, length) {
  return `HTTP/1.1 ${status}\r\n${[...lines, `Content-Length: ${length}`].join("\r\n")}\r\n\r\n`;
}

const server = createServer((socket) => new Connection(socket));
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 1024 }, () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  if (process.send === undefined) console.log(`${profileName}: ${url}`);
  else process.send({ url });
});
process.on("disconnect", () => process.exit());
