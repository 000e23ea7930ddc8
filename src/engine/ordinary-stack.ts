import { blobSource } from "../source/blob-source.ts";
import { bytesSource } from "../source/bytes-source.ts";
import type { FirstRequest } from "../source/first-request.ts";
import { Meter } from "../source/meter.ts";
import { openByAnswer } from "../source/open-http-source.ts";
import type { Bytes, Source } from "../source/source.ts";
import { streamChunks } from "../source/stream-chunks.ts";
import { countedSource } from "./counted-source.ts";
import { Engine, type EngineParts } from "./engine.ts";
import { sequentialSource } from "./sequential-source.ts";
import type { WireStore } from "./wire.ts";

// All that is not needed to send a first request: what makes a source of its answer, and the engine around that.

/** What the options of opening say to an engine. */
export type EngineSettings = Pick<
  EngineParts,
  "cacheBytes" | "mayHoldBytes" | "policy" | "maxBytes" | "onEvent"
>;

/** What goes around one body. */
export interface BodySettings extends Pick<EngineParts, "meter" | "onEvent"> {
  /** Bytes that went by and stay readable. */
  readonly keptBytes: number;
}

/** One body goes by once: what it kept is not kept twice, and there is nothing to plan. */
const ONE_BODY: EngineSettings = { cacheBytes: 0, policy: "lean", maxBytes: Number.POSITIVE_INFINITY };

/** The engine around a URL whose first request was sent. */
export async function engineOverUrl(
  request: FirstRequest,
  settings: EngineSettings & Pick<EngineParts, "meter">,
  storeOf: (source: Source) => WireStore | undefined,
): Promise<Engine> {
  const { source, whole, first, leading } = await openByAnswer(request);
  const { meter, onEvent } = settings;
  // What came whole is all kept, and has no need of a second copy.
  if (whole !== undefined)
    return engineOverBody(source, whole, { meter, onEvent, keptBytes: Number.POSITIVE_INFINITY });
  return new Engine({ ...settings, source, owned: true, opening: first, leading, stored: storeOf(source) });
}

/** The engine around the one body that a request for all of a file brings. */
export async function engineOverWhole(request: FirstRequest, settings: BodySettings): Promise<Engine> {
  const { source, whole, first } = await openByAnswer(request);
  const body = whole ?? (first === undefined ? new ReadableStream() : streamChunks(() => first.body));
  return engineOverBody(source, body, settings);
}

/** The engine around what is no URL. A Source stays open when the engine closes. */
export function engineOverLocal(input: Blob | Uint8Array | Source, settings: EngineSettings): Engine {
  const meter = new Meter();
  // `openSource` has judged what it is: of its inputs only a Source can be read from.
  const owned = !("read" in input);
  return new Engine({ ...settings, source: countedSource(localSource(input), meter), meter, owned });
}

function localSource(input: Blob | Uint8Array | Source): Source {
  if ("read" in input) return input;
  return input instanceof Uint8Array ? bytesSource(input) : blobSource(input);
}

function engineOverBody(
  beneath: Source,
  stream: ReadableStream<Bytes>,
  { meter, keptBytes, onEvent }: BodySettings,
): Engine {
  const { name, size, identity } = beneath;
  const source = sequentialSource({ name, size, identity, stream, keptBytes, close: () => beneath.close() });
  return new Engine({ ...ONE_BODY, source, meter, owned: true, onEvent });
}
