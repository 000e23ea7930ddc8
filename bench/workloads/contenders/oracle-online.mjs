import { inflateRawSync } from "node:zlib";
import { Fetched } from "./fetched.mjs";
import { pooledHttp } from "./pooled-http.mjs";
import { streamMember } from "./stream-member.mjs";
import { readDirectory } from "./zip-directory.mjs";

const TAIL = 64 * 1024;

/** Asks for exactly what is asked of it, at the earliest moment: a perfect library that never guesses. */
export function openReader(url, { workload }) {
  const http = pooledHttp(url);
  const fetched = new Fetched(http);
  if (workload.trace.whole !== undefined) fetched.want([workload.trace.whole]);
  const readMany = (ranges) => {
    fetched.want(ranges);
    return Promise.all(ranges.map(([start, end]) => fetched.read(start, end)));
  };
  const read = (start, end) => {
    fetched.want([[start, end]]);
    return fetched.read(start, end);
  };
  return { read, readMany, close: http.close };
}

/** The tail, what of the directory lies before it, then each member with its header, whose length the directory tells. */
export async function openZip(url) {
  const http = pooledHttp(url);
  const fetched = new Fetched(http);
  const tail = await http.getSuffix(TAIL);
  fetched.hold(tail.start, tail.bytes);
  const entries = await readDirectory(tail, async (start, end) => {
    fetched.want([[start, end]]);
    return fetched.read(start, end);
  });
  const named = new Map(entries.map((entry) => [entry.name, entry]));
  const readMany = (names) => {
    const members = names.map((name) => named.get(name));
    fetched.want(members.map(({ start, stop }) => [start, stop]));
    return Promise.all(members.map((member) => readMember(fetched, member)));
  };
  return {
    list: () => entries,
    readMany,
    stream: (name, onChunk) => {
      const member = named.get(name);
      return streamMember(http, { ...member, dataStart: member.start + 30 + member.nameLength }, onChunk);
    },
    close: http.close,
  };
}

async function readMember(fetched, { start, stop, storedSize, method }) {
  const bytes = await fetched.read(start, stop);
  const from = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  const stored = bytes.subarray(from, from + storedSize);
  return method === 0 ? stored : inflateRawSync(stored);
}

/** All of it at once, in pieces over all connections. */
export function openDownload(url, { workload }) {
  const http = pooledHttp(url);
  const all = { dataStart: 0, storedSize: workload.file.size, method: 0 };
  return { download: (onChunk) => streamMember(http, all, onChunk), close: http.close };
}
