export { extract } from "./extract/extract.node.ts";
export type { ExtractOptions, ExtractProgress, ExtractResult } from "./extract/extract-options.ts";
export type { LeftOut } from "./extract/plan-extraction.ts";
export type { Relay, RelayLimits, RelayOptions } from "./relay/relay-options.ts";
export { startRelay } from "./relay/start-relay.node.ts";
export {
  type EnvironmentProxy,
  environmentProxy,
  findEnvironmentProxy,
} from "./source/environment-proxy.node.ts";
export { openFileSource } from "./source/file-source.node.ts";
export { redactUrl } from "./source/url.ts";
export { type DiskStoreOptions, diskStore } from "./store/disk-store.node.ts";
