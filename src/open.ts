import { loadEngine } from "#load-engine";
import type { Policy } from "./engine/budget.ts";
import type { Engine } from "./engine/engine.ts";
import type { EnginePieces } from "./engine/engine-pieces.ts";
import type { EngineSettings } from "./engine/ordinary-stack.ts";
import { RangeStreamsError } from "./errors.ts";
import type { RangeAsk } from "./http/range-header.ts";
import { Range } from "./ranges/range.ts";
import { type RangeInput, rangeForm, resolveRange } from "./ranges/range-input.ts";
import { type FirstAsk, type FirstRequest, sendFirst } from "./source/first-request.ts";
import { badOption, type HttpOptions, resolveHttpSettings } from "./source/http-options.ts";
import { Meter } from "./source/meter.ts";
import type { BlockStore, PlannedSource, Source, SourceEvent } from "./source/source.ts";
import { redactUrl } from "./source/url.ts";

/** What can be opened. */
export type OpenInput = string | URL | Blob | Uint8Array | Source;

/** Options of opening; what concerns HTTP has no effect on other inputs. */
export interface OpenOptions extends HttpOptions {
  /** Governs the opening alone, which then rejects with `signal.reason` itself. */
  signal?: AbortSignal | undefined;
  /**
   * `maxBytes`: bytes kept in memory at most, the least recently used go first. Default 64 MiB; where `cache` is left out, `fast` may
   * hold all of a file of at most 128 MiB. `false` keeps none (but for the opening's), and reads still share what is in flight. What
   * is read of a URL is also kept in `store`, and is there when the same file is opened again: a file is known by its validators, so
   * one without any is not stored. A failing store costs no read, and one event of type `warning`.
   */
  cache?: { maxBytes?: number | undefined; store?: BlockStore | undefined } | false | undefined;
  /**
   * How many bytes may be spent for time. `lean`: what is asked for, and gaps that cost less than a request. `balanced`: bytes never
   * asked for stay under the distinct ones asked for plus 4 MiB. `fast`: as many as save time, up to `maxBytes`. Default `balanced`.
   */
  policy?: Policy | undefined;
  /**
   * Bytes of bodies that may be received in all, the opening and what is read ahead included. A read that needs more than is left is
   * LIMIT before anything is sent for it, a stream once they are spent. Default: no limit.
   */
  maxBytes?: number | undefined;
  /** The first bytes to ask for, half-open, from a position on or a suffix; clamped to the file and to `maxBytes`. Default the first 32 KiB. */
  probe?: RangeInput | undefined;
  /**
   * Told of every request, answer and warning on the wire, and, whatever is opened, of every change of the range map. What it throws
   * at a `span` is nobody's to catch: it is an uncaught error.
   */
  onEvent?: ((event: SourceEvent) => void) | undefined;
}

/**
 * Enough for the header of nearly every format and a small file whole, and still within the first round trips of a new
 * connection (ten segments of 1,460 bytes double to 43 KB by the second, RFC 6928).
 */
const PROBE: RangeInput = [0, 32 * 1024];
const CACHE_BYTES = 64 * 1024 * 1024;
/** A file of moderate size, which `fast` may hold whole where nobody set a limit. */
const FAST_BYTES = 128 * 1024 * 1024;
const POLICIES: readonly Policy[] = ["fast", "balanced", "lean"];

/**
 * Opens anything that can be read in: a URL, a Blob, bytes, or a Source of your own.
 *
 * What it costs: of a URL one GET of the probe, whose bytes are held; of anything else no request. Redirects and tries again are requests
 * too. More is sent only where that answer tells too little: one HEAD where CORS hides Content-Range from a page, or where a 416 to a
 * probe of the first bytes names no size; one or two GETs where the server does not answer a suffix as it should, or where the probe lies
 * wholly beyond the end. With `fast`, but in a page, one more GET goes out beside a suffix, for the first MiB: a file of at most 2 MiB is
 * then brought whole, and of a larger one that request is given up.
 *
 * Who owns what: bytes that are read belong to you. A `Uint8Array` is not copied: do not change it while the source is open. A
 * PlannedSource comes back as it is, and a Source that you give stays open when this one closes.
 *
 * @throws INVALID_ARGUMENT, INVALID_RANGE before anything is sent.
 * @throws NOT_FOUND, AUTH, RATE_LIMITED, REDIRECT, HTTP_STATUS for a status or a redirect that leads to no file.
 * @throws NETWORK, TIMEOUT, SHORT_BODY once trying again is of no use; NETWORK also for a part of the program that a page could not load.
 * @throws RANGE_IGNORED, RANGE_MISMATCH, BAD_RESPONSE, ENCODED for an answer that is not what was asked for.
 * @throws NO_IDENTITY under `identity: 'strict'`; CHANGED where the file changes while it is opened.
 * @throws LIMIT where the opening brings more than `maxBytes`, or the file comes whole and is larger than `maxDownloadBytes`.
 * @throws BLOCKED_ADDRESS where a relay refuses to go there; and the reason of `signal` once that is aborted.
 */
export async function openSource(input: OpenInput, options: OpenOptions = {}): Promise<PlannedSource> {
  if (isPlanned(input)) return input;
  const settings = engineSettings(options);
  if (!isUrl(input)) return openLocal(input, options, settings);
  const probe = rangeAsk(options.probe ?? PROBE);
  if (probe === undefined) throw badOption("probe", "a range from a position on, or a suffix");
  const ask = atMost(probe, Math.max(1, Math.floor(settings.maxBytes)));
  const engine = await openUrl(input, options, { ask, exact: false, withLeading: wantsLeading(options) });
  try {
    await engine.holdOpening(options.signal);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function openLocal(
  input: Blob | Uint8Array | Source,
  { signal }: OpenOptions,
  settings: EngineSettings,
): Promise<Engine> {
  if (!isSource(input) && !(input instanceof Uint8Array) && !isBlob(input)) {
    const message = "Asked to open what is neither URL, Blob, bytes nor Source; give one of those";
    throw new RangeStreamsError("INVALID_ARGUMENT", message);
  }
  signal?.throwIfAborted();
  const limit = { ms: Number.POSITIVE_INFINITY, signal, url: "" };
  const { stack } = await loadEngine(false, limit);
  return stack.engineOverLocal(input, settings);
}

/** Whether bytes that nobody asked for may be had with the opening, for time alone. */
function wantsLeading({ policy, cache, maxBytes }: OpenOptions): boolean {
  return policy === "fast" && cache !== false && cache?.store === undefined && maxBytes === undefined;
}

/** A probe is content with less: it does not ask for more than may be received in all. */
function atMost(ask: RangeAsk, maxBytes: number): RangeAsk {
  if (maxBytes === Number.POSITIVE_INFINITY) return ask;
  if (ask.kind === "suffix") return { kind: "suffix", length: Math.min(ask.length, maxBytes) };
  const { start, end } = ask.kind === "span" ? ask.range : { start: ask.start, end: Number.MAX_SAFE_INTEGER };
  return { kind: "span", range: new Range(start, Math.min(end, start + maxBytes)) };
}

/** What a RangeStream opens with. */
export interface StreamOpening {
  readonly source: PlannedSource;
  /** Without secrets; empty where the input is no URL. */
  readonly url: string;
  /** The first range, resolved; undefined where none was given. */
  readonly range: Range | undefined;
  /** The stream closes the source. */
  readonly owned: boolean;
}

/** Options of {@link openForStream}. */
export interface StreamOpenOptions extends OpenOptions {
  range?: RangeInput | undefined;
  mode?: "ranges" | "single" | undefined;
}

/**
 * Opens for a RangeStream: the first request asks for the first range, and its body waits to be read. Where a range can only be
 * placed once the size is known, the size is learned first (2 requests).
 *
 * @throws INVALID_RANGE before anything is sent, OUT_OF_BOUNDS for a range outside the file.
 */
export async function openForStream(input: OpenInput, options: StreamOpenOptions): Promise<StreamOpening> {
  const { range } = options;
  const ask = range === undefined ? undefined : rangeAsk(range);
  if (!isUrl(input)) {
    const owned = !isSource(input);
    return resolveFirst(await openSource(input, options), { range, owned, url: "" });
  }
  const url = redactUrl(input);
  if (options.mode === "single")
    return resolveFirst(await openSingle(input, options), { range, owned: true, url });
  if (range === undefined || ask === undefined || isEmptyAsk(ask)) {
    return resolveFirst(await openSource(input, options), { range, owned: true, url });
  }
  const engine = await openUrl(input, options, { ask, exact: true });
  return resolveFirst(engine, { range, owned: true, url });
}

/** Places the first range; a source opened in vain is closed. */
async function resolveFirst(
  source: PlannedSource,
  { range, owned, url }: { range: RangeInput | undefined; owned: boolean; url: string },
): Promise<StreamOpening> {
  try {
    return { source, url, owned, range: range === undefined ? undefined : resolveRange(range, source.size) };
  } catch (error) {
    if (owned) await source.close();
    throw error;
  }
}

async function openUrl(input: string | URL, options: OpenOptions, first: FirstAsk): Promise<Engine> {
  const settings = engineSettings(options);
  const { request, meter, stack, stored } = await sendBesideEngine(input, options, first);
  const { onEvent } = options;
  return stack.engineOverUrl(request, { ...settings, meter }, ({ size, identity }) => {
    const store = usedStore(options);
    if (store === undefined) return undefined;
    const onWarning = (message: string): void => onEvent?.({ type: "warning", message });
    return stored?.storeOf({ store, url: String(input), size, identity, onWarning });
  });
}

/** One GET of the whole, and every read a window on it. */
async function openSingle(input: string | URL, options: OpenOptions): Promise<PlannedSource> {
  const keptBytes = resolveCache(options.cache);
  const first: FirstAsk = { ask: { kind: "from", start: 0 }, exact: false };
  const { request, meter, stack } = await sendBesideEngine(input, options, first);
  return stack.engineOverWhole(request, { meter, keptBytes, onEvent: options.onEvent });
}

interface SentBesideEngine extends EnginePieces {
  readonly request: FirstRequest;
  readonly meter: Meter;
}

/** Sends the first request of a URL; a page loads the engine while that is under way. */
async function sendBesideEngine(
  input: string | URL,
  options: OpenOptions,
  first: FirstAsk,
): Promise<SentBesideEngine> {
  const meter = new Meter();
  const request = sendFirst(resolveHttpSettings(input, options, meter), first, options.signal);
  const { link, call } = request;
  try {
    const limit = { ms: call.remainingMs(), signal: call.signal, url: link.name };
    const pieces = await loadEngine(usedStore(options) !== undefined, limit);
    return { request, meter, ...pieces };
  } catch (error) {
    call.end();
    link.close();
    throw error;
  }
}

/** The store that is read from. Of a file that is meant to change, what is stored may be of another version. */
function usedStore({ cache, identity }: OpenOptions): BlockStore | undefined {
  return cache === false || identity === "ignore" ? undefined : cache?.store;
}

function engineSettings({ cache, policy = "balanced", maxBytes, onEvent }: OpenOptions): EngineSettings {
  if (!POLICIES.includes(policy)) throw badOption("policy", "'fast', 'balanced' or 'lean'");
  if (maxBytes !== undefined && (typeof maxBytes !== "number" || !(maxBytes >= 0)))
    throw badOption("maxBytes", "a number of bytes");
  const mayHoldBytes =
    policy === "fast" && cache !== false && cache?.maxBytes === undefined ? FAST_BYTES : undefined;
  return {
    cacheBytes: resolveCache(cache),
    mayHoldBytes,
    policy,
    maxBytes: maxBytes ?? Number.POSITIVE_INFINITY,
    onEvent,
  };
}

function resolveCache(cache: OpenOptions["cache"]): number {
  if (cache === false) return 0;
  checkStore(cache?.store);
  const maxBytes = cache?.maxBytes ?? CACHE_BYTES;
  if (typeof maxBytes !== "number" || !(maxBytes >= 0))
    throw badOption("cache.maxBytes", "a number of bytes");
  return maxBytes;
}

function checkStore(store: unknown): void {
  if (store === undefined) return;
  const members = ["get", "set", "delete"] as const;
  const fits =
    typeof store === "object" &&
    store !== null &&
    members.every((member) => typeof (store as Record<string, unknown>)[member] === "function");
  if (!fits) throw badOption("cache.store", "an object with the methods get, set and delete");
}

/** The request that asks for `range`, or undefined where it needs the size first. */
function rangeAsk(range: RangeInput): RangeAsk | undefined {
  const form = rangeForm(range);
  return form.kind === "relative" ? undefined : form;
}

function isEmptyAsk(ask: RangeAsk): boolean {
  return ask.kind === "span" ? ask.range.isEmpty() : ask.kind === "suffix" && ask.length === 0;
}

function isUrl(input: OpenInput): input is string | URL {
  return typeof input === "string" || input instanceof URL;
}

function isSource(input: unknown): input is Source {
  return typeof input === "object" && input !== null && "read" in input && "identity" in input;
}

function isBlob(input: unknown): input is Blob {
  return typeof Blob !== "undefined" && input instanceof Blob;
}

function isPlanned(input: unknown): input is PlannedSource {
  return isSource(input) && "spans" in input && "readMany" in input;
}
