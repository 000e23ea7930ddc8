import { HttpError, isRangeStreamsError } from "../errors.ts";
import { MultipartByteranges, type MultipartEvent } from "../http/multipart-byteranges.ts";
import { checkPartTotal } from "../http/multipart-response.ts";
import type { ListAsk } from "../http/range-header.ts";
import { refuse } from "../http/refusal.ts";
import { MAX_WASTE_BYTES, type VerifiedSpan } from "../http/verify-response.ts";
import type { Range } from "../ranges/range.ts";
import { RangeSet } from "../ranges/range-set.ts";
import type { WireCall } from "./call.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpLink } from "./http-link.ts";
import type { MultiRangeBuffer } from "./multi-range-buffer.ts";
import { RangeBody } from "./range-body.ts";
import { Recovery } from "./recovery.ts";
import { expectation, getList, type ListExchange } from "./verified-get.ts";

/** One list on its way into the buffer. */
export interface ListRead {
  readonly link: HttpLink;
  readonly ask: ListAsk;
  readonly buffer: MultiRangeBuffer;
  readonly call: WireCall;
}

/** Statuses that may be said of a list and not of the file: from servers, and firewalls, that want one range only. */
const NO_LIST: ReadonlySet<number> = new Set([400, 403, 405, 416, 501]);

/**
 * Puts into the buffer what one GET of several ranges brings: all of them, some, or none. Notes on the origin whether lists
 * work there.
 *
 * @throws BAD_RESPONSE, CHANGED, and what outlives its tries. What a body that broke off leaves out is no failure.
 */
export async function readList(read: ListRead): Promise<void> {
  const { link } = read;
  const { capabilities } = link.origin;
  const recovery = new Recovery(link.settings.retry, link);
  try {
    const opened = await openList(read, recovery);
    const serves = opened === undefined ? false : await takeAnswer(read, opened, recovery);
    if (serves !== undefined) capabilities.multiRange = serves;
  } catch (error) {
    if (isRangeStreamsError(error, "BAD_RESPONSE")) capabilities.multiRange = false;
    if (isRangeStreamsError(error, "CHANGED")) link.sawChange = true;
    throw error;
  }
}

/** The answer, after as many tries as it takes; undefined where the server does not answer lists. */
async function openList(read: ListRead, recovery: Recovery): Promise<ListExchange | undefined> {
  const { link, ask, call } = read;
  for (;;) {
    try {
      return await getList(link, ask, call);
    } catch (error) {
      if (!call.signal.aborted && blamesList(link, error)) return undefined;
      await recovery.after(error, call);
    }
  }
}

function blamesList(link: HttpLink, error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  if (error.status !== undefined && NO_LIST.has(error.status)) return true;
  // In a browser a list needs a preflight, and a refused one looks like any network failure.
  if (error.code === "NETWORK") return !link.origin.transport.seesRedirects;
  return error.code === "RANGE_IGNORED" || error.code === "RANGE_MISMATCH";
}

/** Takes an answer in; tells whether lists work here, or undefined where it does not show. */
async function takeAnswer(
  read: ListRead,
  { exchange, answer }: ListExchange,
  recovery: Recovery,
): Promise<boolean | undefined> {
  if (answer.kind === "span") return takeSpan(read, exchange, answer);
  const parts = new PartsTaking(read, recovery);
  try {
    return await parts.take(exchange, answer.boundary);
  } catch (error) {
    exchange.cancel();
    const complete = error instanceof HttpError && error.retryable && isServed(read);
    // Waits as any repetition must; what is missing is then asked for range by range.
    if (!complete || read.call.signal.aborted) await recovery.after(error, read.call);
    return undefined;
  } finally {
    parts.settle();
  }
}

function isServed({ ask, buffer }: ListRead): boolean {
  return ask.ranges.every((range) => buffer.missingIn(range).length === 0);
}

/** One span came: the only range that is left of the list, the first one, or several merged. */
async function takeSpan(read: ListRead, exchange: Exchange, span: VerifiedSpan): Promise<boolean> {
  const { link, ask, buffer, call } = read;
  const covered = new RangeSet(ask.ranges).intersection(new RangeSet([span.body]));
  const wanted = covered.span() as Range;
  if (span.body.length - covered.byteLength > MAX_WASTE_BYTES) {
    exchange.discard();
    return false;
  }
  await buffer.fill(new RangeBody(link, wanted, { exchange, verified: { ...span, wanted } }), call);
  return isServed(read);
}

/** The parts of one body, from the wire to their places. */
class PartsTaking {
  readonly #read: ListRead;
  readonly #recovery: Recovery;
  /** Bytes of the body. */
  #taken = 0;
  /** Bytes among those that are held now. */
  #useful = 0;
  /** Bytes that the parts so far promised to be of use. */
  #promised = 0;
  #part: Range | undefined;
  #total: number | undefined;

  constructor(read: ListRead, recovery: Recovery) {
    this.#read = read;
    this.#recovery = recovery;
  }

  async take(exchange: Exchange, boundary: string): Promise<boolean> {
    const { link, ask, call } = this.#read;
    const reader = new MultipartByteranges(boundary, { url: link.name, ask });
    while (!reader.ended) {
      const chunk = await exchange.read(call.signal);
      if (chunk === undefined) {
        reader.finish();
        break;
      }
      this.#taken += chunk.byteLength;
      for (const event of reader.push(chunk)) this.#takeEvent(event);
      if (this.#taken - this.#promised > MAX_WASTE_BYTES) {
        // A server that sends so much more than it was asked for saves nothing: better ask it range by range.
        exchange.cancel();
        return false;
      }
    }
    link.answered();
    exchange.discard();
    return isServed(this.#read);
  }

  /** Counts what was of no use. */
  settle(): void {
    this.#read.link.settings.meter.wasted(this.#taken - this.#useful);
  }

  #takeEvent(event: MultipartEvent): void {
    const { link, ask, buffer } = this.#read;
    if (event.kind === "data") {
      if (buffer.place(event.at, event.bytes)) return;
      const got = "two parts that contradict each other";
      const advice = "the server or a proxy mixes two files";
      throw refuse({ url: link.name, ask }, 206, { code: "BAD_RESPONSE", got, advice });
    }
    if (event.kind === "part") {
      this.#total = checkPartTotal(expectation(link, ask), { total: event.total, known: this.#total });
      this.#part = event.range;
      for (const range of buffer.missingIn(event.range)) this.#promised += range.length;
      return;
    }
    for (const range of this.#part === undefined ? [] : buffer.hold(this.#part)) {
      link.settings.meter.received(range);
      this.#useful += range.length;
      this.#recovery.progress();
    }
  }
}
