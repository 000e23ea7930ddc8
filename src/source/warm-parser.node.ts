import { Duplex } from "node:stream";
import Client, { type Dispatcher } from "undici/lib/dispatcher/client.js";

/** An answer like those to come. */
const ANSWER = [
  "HTTP/1.1 206 Partial Content",
  "Content-Type: application/octet-stream",
  "Content-Range: bytes 0-0/1",
  "Content-Length: 1",
  'ETag: "0"',
  "",
  "0",
].join("\r\n");

let isWarm = false;

/**
 * Has the parser of undici read an answer that never was on a wire, once a process. It is WebAssembly, which V8 compiles function by function
 * when they first run: 4-5 ms of a process's first read, as much as all of our own code takes. Called when the first request has gone
 * out, this is done while its answer is on its way; with one that is quicker than that it costs what it saves.
 */
export function warmParser(): void {
  if (isWarm) return;
  isWarm = true;
  setImmediate(readMadeUpAnswer);
}

function readMadeUpAnswer(): void {
  const socket = new Duplex({
    read() {},
    write(_request, _encoding, done) {
      done();
      this.push(ANSWER);
    },
  });
  const client = new Client("http://warm.invalid", {
    connect: (_options, connected) => setImmediate(connected, null, socket as never),
  });
  const end = (): void => void client.destroy();
  const reader: Dispatcher.DispatchHandler = {
    onRequestStart() {},
    onResponseStart() {},
    onResponseData() {},
    onResponseEnd: end,
    onResponseError: end,
  };
  client.dispatch({ path: "/", method: "GET" }, reader);
}
