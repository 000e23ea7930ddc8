export type { Policy } from "./engine/budget.ts";
export { sliceSource } from "./engine/slice-source.ts";
export {
  type ByteSpan,
  type ErrorCode,
  HttpError,
  type HttpErrorDetails,
  isRangeStreamsError,
  OutOfBoundsError,
  RangeStreamsError,
  type RangeStreamsErrorOptions,
} from "./errors.ts";
export { type OpenInput, type OpenOptions, openSource } from "./open.ts";
export { Range } from "./ranges/range.ts";
export { RangeDict } from "./ranges/range-dict.ts";
export type { RangeInput } from "./ranges/range-input.ts";
export { RangeSet } from "./ranges/range-set.ts";
export { relayClient } from "./relay/relay-client.ts";
export type { Capabilities } from "./source/capabilities.ts";
export type { ResolveUrl, Timeouts } from "./source/http-link.ts";
export type { HttpOptions } from "./source/http-options.ts";
export { capabilitiesOf } from "./source/origin.ts";
export type { RetryPolicy } from "./source/retry.ts";
export type {
  BlockStore,
  Bytes,
  Identity,
  PlannedReadOptions,
  PlannedSource,
  ReadOptions,
  ReadPlan,
  Receipt,
  Source,
  SourceEvent,
  StreamOptions,
} from "./source/source.ts";
export type { ChooseProxy, Client, DispatchedResponse, Dispatcher, FetchClient } from "./source/transport.ts";
export { cacheStore } from "./store/cache-store.ts";
export type { OverlapCase, OverlapPolicy } from "./stream/plan-overlap.ts";
export { RangeResponse, type Whence } from "./stream/range-response.ts";
export { type AddOptions, RangeStream, type RangeStreamOptions } from "./stream/range-stream.ts";
