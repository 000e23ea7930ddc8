import { createInflateRaw } from "node:zlib";

const PIECE = 1024 * 1024;
const OUTPUT = 256 * 1024;

/** Bytes of one run in order, fetched in pieces over all connections, inflated where deflated; not checked. */
export async function streamMember(http, { dataStart, storedSize, method }, onChunk) {
  const inflate = method === 0 ? undefined : createInflateRaw({ chunkSize: OUTPUT });
  const done = inflate === undefined ? undefined : drain(inflate, onChunk);
  for await (const piece of inOrder(http, dataStart, dataStart + storedSize)) {
    if (inflate === undefined) onChunk(piece);
    else if (!inflate.write(piece)) await new Promise((resolve) => inflate.once("drain", resolve));
  }
  inflate?.end();
  await done;
}

async function drain(inflate, onChunk) {
  for await (const chunk of inflate) onChunk(chunk);
}

async function* inOrder(http, start, end) {
  const ahead = [];
  for (let at = start; at < end || ahead.length > 0; ) {
    while (at < end && ahead.length < http.connections) {
      ahead.push(http.get(at, Math.min(at + PIECE, end)));
      at += PIECE;
    }
    yield await ahead.shift();
  }
}
