import { describe, it } from "vitest";
import { type OpenInput, openSource, type Source, sliceSource } from "../../src/index.ts";
import { openForStream } from "../../src/open.ts";
import { blobSource } from "../../src/source/blob-source.ts";
import { bytesSource } from "../../src/source/bytes-source.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { sourceContract } from "../../src/testing/source-contract.ts";
import { startLab } from "../lab/lab.ts";

const bytes = patternBytes(100_000, 7);

/** Opens over HTTP; the server goes with the source. */
async function overHttp(open: (url: string) => Promise<Source>): Promise<Source> {
  const lab = await startLab({ files: { file: { pattern: bytes.byteLength, seed: 7 } } });
  const source = await open(`${lab.url}/file`);
  const close = source.close.bind(source);
  source.close = () => close().finally(() => lab.close());
  return source;
}

const padded = (): Uint8Array => {
  const larger = new Uint8Array(bytes.byteLength + 20);
  larger.set(bytes, 13);
  return larger.subarray(13, 13 + bytes.byteLength);
};

const sliced = async (input: OpenInput): Promise<Source> => {
  const whole = await openSource(input);
  const slice = sliceSource(whole, [100, 100 + bytes.byteLength]);
  return slice;
};

const surrounded = (): Uint8Array => {
  const larger = new Uint8Array(bytes.byteLength + 200);
  larger.set(bytes, 100);
  return larger;
};

const sources: Record<string, () => Promise<Source>> = {
  "bytes in memory": async () => bytesSource(bytes),
  "a view of bytes that begins elsewhere": async () => bytesSource(padded()),
  "a Blob": async () => blobSource(new Blob([bytes])),
  "the engine over bytes": () => openSource(bytes),
  "the engine over bytes without a cache": () => openSource(bytes, { cache: false }),
  "the engine over a small cache": () => openSource(bytes, { cache: { maxBytes: 5000 } }),
  "the engine over a Source of one's own": () => openSource(bytesSource(bytes)),
  "a slice": () => sliced(surrounded()),
  "HTTP by the platform's transport": () => overHttp((url) => openSource(url)),
  "HTTP by fetch": () => overHttp((url) => openSource(url, { client: fetch })),
  "HTTP without a cache on one connection": () =>
    overHttp((url) => openSource(url, { cache: false, maxConnections: 1, probe: [0, 1] })),
  "HTTP in one request": () => overHttp(async (url) => (await openForStream(url, { mode: "single" })).source),
};

for (const [name, open] of Object.entries(sources)) {
  describe(`the contract of Source, kept by ${name}`, () => {
    for (const { name: promise, run } of sourceContract({ open, bytes })) it(promise, run);
  });
}
