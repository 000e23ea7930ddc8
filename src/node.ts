export { openFileSource } from "./source/file-source.node.ts";
