export { type DiskStoreOptions, diskStore } from "./engine/disk-store.node.ts";
export { openFileSource } from "./source/file-source.node.ts";
