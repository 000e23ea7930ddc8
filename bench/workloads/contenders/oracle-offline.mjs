import { inflateRawSync } from "node:zlib";
import { joinedRanges } from "../traces/joined-ranges.mjs";
import { Fetched } from "./fetched.mjs";
import { pooledHttp } from "./pooled-http.mjs";
import { streamMember } from "./stream-member.mjs";
import { readDirectory } from "./zip-directory.mjs";

const GAPS = [0, 4096, 16_384, 65_536, 262_144, 1_048_576];
/** What a request costs beside its round trip, in CPU of both ends. */
const REQUEST_MS = 0.4;

/** Knows the whole trace beforehand and asks for all of it at once, gaps read over where that is faster. */
export function openReader(url, { workload, profile }) {
  const http = pooledHttp(url);
  const fetched = new Fetched(http);
  const ranges = workload.trace.lanes.flat(2);
  fetched.want(ranges, { gap: bestGap(ranges, { profile, connections: http.connections }) });
  return { read: (start, end) => fetched.read(start, end), close: http.close };
}

/** The gap of the least time: rounds of requests, and bytes over the link. */
function bestGap(ranges, { profile: { rttMs, connection, link }, connections }) {
  const bandwidth = Math.min(link, connection * connections, 1e9) / 1000;
  const time = (gap) => {
    const merged = joinedRanges(ranges, gap);
    const bytes = merged.reduce((sum, [start, end]) => sum + end - start, 0);
    return Math.ceil(merged.length / connections) * rttMs + merged.length * REQUEST_MS + bytes / bandwidth;
  };
  return GAPS.map((gap) => ({ gap, ms: time(gap) })).sort((a, b) => a.ms - b.ms)[0].gap;
}

/** Knows where the directory and the members lie. */
export async function openZip(url, { workload: { file, wanted } }) {
  const http = pooledHttp(url);
  const large = wanted.length === 1 && wanted[0].size > 16 * 1024 * 1024;
  const fetched = new Fetched(http);
  const [start] = file.directory;
  fetched.want([[start, file.size], ...(large ? [] : wanted.map((member) => [member.start, member.stop]))]);
  const named = new Map(wanted.map((member) => [member.name, member]));
  const entries = await readDirectory({ start, bytes: await fetched.read(start, file.size) }, undefined);
  return {
    list: () => entries,
    async bytes(name) {
      const { dataStart, stop, method } = named.get(name);
      const stored = await fetched.read(dataStart, stop);
      return method === 0 ? stored : inflateRawSync(stored);
    },
    stream: (name, onChunk) => streamMember(http, named.get(name), onChunk),
    close: http.close,
  };
}
