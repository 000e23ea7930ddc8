import type { LinkEstimate } from "../source/link-estimate.ts";

/**
 * Up to so many requests their course is followed one by one, at 0.1-0.2 µs each; with more, every connection has many, and a
 * bound tells as much.
 */
export const MAX_FOLLOWED = 512;

/** What of a list of requests its bound depends on. */
export interface RequestLoad {
  readonly count: number;
  readonly byteLength: number;
  /** Bytes of the largest. */
  readonly largest: number;
}

/**
 * Milliseconds until requests of these sizes, sent in this order over so many connections, have all been answered. Each
 * connection takes one at a time: it waits for the first byte, then gets its rate, or its share of what the link gives in all.
 * Connections that are open are used first; each new one costs what connecting costs.
 *
 * The model knows no slow start, no server that is busy and no loss: it compares plans for one link.
 */
export function predictMakespan(sizes: Float64Array, connections: number, link: LinkEstimate): number {
  if (sizes.length > MAX_FOLLOWED) return boundMakespan(loadOf(sizes), connections, link);
  return followRequests(sizes, Math.min(connections, sizes.length), link);
}

/** What the bound of these sizes depends on. */
export function loadOf(sizes: Float64Array): RequestLoad {
  let byteLength = 0;
  let largest = 0;
  for (const size of sizes) {
    byteLength += size;
    if (size > largest) largest = size;
  }
  return { count: sizes.length, byteLength, largest };
}

/** Milliseconds that no order of such requests can do without; at most {@link predictMakespan}. */
export function boundMakespan(load: RequestLoad, connections: number, link: LinkEstimate): number {
  const { latencyMs, connectMs, idle } = link;
  const { count, byteLength, largest } = load;
  const used = Math.min(connections, count);
  const perMs = link.bytesPerSecond / 1000;
  const totalPerMs = link.totalBytesPerSecond / 1000;
  const fresh = Math.max(0, used - idle);
  const work = count * latencyMs + byteLength / perMs + fresh * connectMs;
  const firstByte = latencyMs + (idle < 1 ? connectMs : 0);
  const lastFirstByte = latencyMs + (fresh > 0 ? connectMs : 0);
  const least = Math.max(
    work / used,
    firstByte + byteLength / totalPerMs,
    latencyMs + largest / perMs,
    lastFirstByte,
  );
  return roundsMs(count, { used, fresh, fromMs: least }, link);
}

/** What takes rounds: how many connections there are, how many of them new, and a time that is needed anyway. */
interface Rounds {
  readonly used: number;
  readonly fresh: number;
  readonly fromMs: number;
}

/** Milliseconds before which so many first bytes cannot have come, as each connection waits for one after the other. */
function roundsMs(count: number, { used, fresh, fromMs }: Rounds, link: LinkEstimate): number {
  const { latencyMs, connectMs } = link;
  if (latencyMs === 0) return fromMs;
  // What is a hair short of a round is one.
  let open = Math.floor(fromMs / latencyMs + 1e-9);
  let late = Math.max(0, Math.floor((fromMs - connectMs) / latencyMs + 1e-9));
  let ms = fromMs;
  while ((used - fresh) * open + fresh * late < count) {
    const nextOpen = fresh < used ? (open + 1) * latencyMs : Infinity;
    const nextLate = fresh > 0 ? connectMs + (late + 1) * latencyMs : Infinity;
    ms = Math.min(nextOpen, nextLate);
    if (nextOpen <= ms) open++;
    if (nextLate <= ms) late++;
  }
  return ms;
}

/**
 * All bodies on their way move at one rate, so each is over when what every body has got since the beginning passes its own
 * mark: what that was at its first byte, plus its size. A heap holds the marks.
 */
function followRequests(sizes: Float64Array, connections: number, link: LinkEstimate): number {
  const { latencyMs, connectMs, idle } = link;
  const perMs = link.bytesPerSecond / 1000;
  const totalPerMs = link.totalBytesPerSecond / 1000;
  const marks = new Float64Array(connections);
  // When the first byte of each later request comes, as a ring: on an open connection that is the order of sending.
  const firstBytes = new Float64Array(connections);
  let moving = 0;
  let opened = 0;
  let sent = connections;
  let resumed = connections;
  let now = 0;
  let given = 0;
  for (let done = 0; done < sizes.length; ) {
    const onNew = opened < connections ? latencyMs + (opened < idle ? 0 : connectMs) : Infinity;
    const onUsed = resumed < sent ? (firstBytes[resumed % connections] as number) : Infinity;
    const rate = Math.min(perMs, totalPerMs / moving);
    const over = moving > 0 ? now + ((marks[0] as number) - given) / rate : Infinity;
    if (over < onNew && over < onUsed) {
      now = over;
      given = marks[0] as number;
      popMark(marks, --moving);
      done++;
      if (sent < sizes.length) firstBytes[sent++ % connections] = now + latencyMs;
      continue;
    }
    const next = Math.min(onNew, onUsed);
    if (moving > 0) given += (next - now) * rate;
    now = next;
    const request = onNew <= onUsed ? opened++ : resumed++;
    pushMark(marks, moving++, given + (sizes[request] as number));
  }
  return now;
}

function pushMark(marks: Float64Array, at: number, mark: number): void {
  let child = at;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if ((marks[parent] as number) <= mark) break;
    marks[child] = marks[parent] as number;
    child = parent;
  }
  marks[child] = mark;
}

/** Takes the lowest away, which leaves `count`. */
function popMark(marks: Float64Array, count: number): void {
  const last = marks[count] as number;
  let parent = 0;
  for (let child = 1; child < count; child = 2 * parent + 1) {
    if (child + 1 < count && (marks[child + 1] as number) < (marks[child] as number)) child++;
    if ((marks[child] as number) >= last) break;
    marks[parent] = marks[child] as number;
    parent = child;
  }
  marks[parent] = last;
}
