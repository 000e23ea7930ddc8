import type { ListAsk } from "../http/range-header.ts";
import type { Range } from "../ranges/range.ts";
import { type RangeInput, resolveRange } from "../ranges/range-input.ts";
import { beginCall, type WireCall } from "./call.ts";
import { closedError } from "./closed-error.ts";
import type { HttpLink } from "./http-link.ts";
import { MultiRangeBuffer } from "./multi-range-buffer.ts";
import { readList } from "./multi-range-list.ts";
import { onAbort } from "./on-abort.ts";
import { RangeBody } from "./range-body.ts";
import type { Bytes, ReadOptions } from "./source.ts";
import { Stop } from "./stop.ts";

/**
 * Ranges of one request at most; more go into several. Alibaba's OSS takes 50, Apache 200, and 50 ranges of the largest numbers
 * fit into the 8 KiB that most servers allow a field.
 */
const MAX_RANGES = 50;

/** The bytes of several ranges by one request, or by as many as that takes. Each array is the caller's. */
export type ReadParts = (ranges: readonly Range[], options: ReadOptions) => Promise<Bytes[]>;

/** A source over HTTP, as far as lists have use for it. */
export interface ListedSource {
  readonly link: HttpLink;
  readonly name: string;
  readonly size: number;
}

/**
 * The bytes of several ranges, in the order asked: one GET for every 50 of them, and parallel single ranges for whatever
 * that did not bring. A server that has shown not to answer lists is not asked for one again, by any source of its
 * origin. Order, duplicates and overlaps do not matter; what touches is asked for as one. Each array belongs to the caller.
 * Whether that is worth it is the caller's to decide.
 *
 * @throws BAD_RESPONSE for parts that break the grammar or contradict each other, CHANGED for one of another file, and whatever a
 * single range reports.
 */
export async function readParts(
  { link, name, size }: ListedSource,
  inputs: readonly RangeInput[],
  { signal }: ReadOptions = {},
): Promise<Bytes[]> {
  signal?.throwIfAborted();
  if (link.closed) throw closedError(name);
  const ranges = inputs.map((input) => resolveRange(input, size));
  const { totalMs } = link.settings.timeouts;
  const call = beginCall({ signals: [signal, link.closing], totalMs, url: name });
  try {
    return await readRanges(link, ranges, call);
  } finally {
    call.end();
  }
}

async function readRanges(link: HttpLink, ranges: readonly Range[], call: WireCall): Promise<Bytes[]> {
  const buffer = new MultiRangeBuffer(ranges);
  const { capabilities } = link.origin;
  const lists = splitIntoLists(buffer.missing());
  // Until a server was seen to answer lists, one of them is enough to try it with.
  const tried = capabilities.multiRange === true ? 0 : 1;
  for (const batch of [lists.slice(0, tried), lists.slice(tried)]) {
    if (capabilities.multiRange === false) break;
    const jobs = batch.map(
      (ask): Job =>
        (joined) =>
          readList({ link, ask, buffer, call: joined }),
    );
    await runTogether(link, jobs, call);
  }
  const rest = buffer.missing().map(
    (range): Job =>
      (joined) => {
        return buffer.fill(new RangeBody(link, range), joined);
      },
  );
  await runTogether(link, rest, call);
  return ranges.map((range) => buffer.take(range));
}

/** Lists of at least two ranges: one alone is left to a plain request. */
function splitIntoLists(ranges: readonly Range[]): ListAsk[] {
  const lists: ListAsk[] = [];
  for (let at = 0; at < ranges.length; at += MAX_RANGES) {
    const some = ranges.slice(at, at + MAX_RANGES);
    if (some.length > 1) lists.push({ kind: "list", ranges: some });
  }
  return lists;
}

type Job = (call: WireCall) => Promise<void>;

/** Runs jobs side by side, as many as the source may have connections; the first failure ends the others. */
async function runTogether(link: HttpLink, jobs: readonly Job[], call: WireCall): Promise<void> {
  const stop = new Stop();
  const forget = onAbort(call.signal, () => stop.abort(call.signal.reason));
  if (call.signal.aborted) stop.abort(call.signal.reason);
  const joined: WireCall = { signal: stop, remainingMs: () => call.remainingMs() };
  const queue = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of queue) await job(joined);
  };
  try {
    const workers = Math.min(link.maxConnections, jobs.length);
    await Promise.all(Array.from({ length: workers }, work));
  } catch (error) {
    stop.abort(error);
    throw error;
  } finally {
    forget();
  }
}
