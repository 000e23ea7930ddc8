import { ZSTDDecoder } from "zstddec";

const decoder = new ZSTDDecoder();
await decoder.init();

export const unzstd = (input, { size }) => [decoder.decode(input, size)];
