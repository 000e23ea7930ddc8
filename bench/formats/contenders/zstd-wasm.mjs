import { decompress, init } from "@bokuweb/zstd-wasm";

await init();

export const unzstd = (input) => [decompress(input)];
