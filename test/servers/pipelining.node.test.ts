import { describe, expect, test } from "vitest";
import { concatBytes } from "../../src/bytes/collect-bytes.ts";
import { Range } from "../../src/index.ts";
import type { HttpLink } from "../../src/source/http-link.ts";
import { resolveHttpSettings } from "../../src/source/http-options.ts";
import { Meter } from "../../src/source/meter.ts";
import { openHttpSource } from "../../src/source/open-http-source.ts";
import { Pipeline, PipelinePlace } from "../../src/source/pipeline.ts";
import { RangeBody } from "../../src/source/range-body.ts";
import type { Bytes } from "../../src/source/source.ts";
import { patternBytes } from "../../src/testing.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { servers } from "./servers.node.ts";

const FILE = patternBytes(4_000_000, 5);
const ranges = Array.from({ length: 24 }, (_, index) => new Range(index * 150_000, index * 150_000 + 4096));

/** One range, asked for as the engine does on a link where a place in a pipeline saves a round trip. */
async function read(link: HttpLink, range: Range, pipeline: Pipeline): Promise<Uint8Array> {
  const place = new PipelinePlace(pipeline);
  const call = { signal: new AbortController().signal, remainingMs: () => 60_000, place };
  const body = new RangeBody(link, range);
  const chunks: Bytes[] = [];
  for (let chunk = await body.readWithin(call); chunk !== undefined; chunk = await body.readWithin(call))
    chunks.push(chunk);
  return concatBytes(chunks);
}

// Python's answers by HTTP/1.0, and so only once on each connection.
for (const kind of servers.filter(({ name }) => !name.startsWith("python"))) {
  describe.skipIf(kind.version === undefined)(kind.name, () => {
    test("answers all of eight requests that are sent at once on each of three connections", async () => {
      await using server = await kind.start({ "f.bin": FILE });
      const visit = server.visit();
      const meter = new Meter();
      const settings = resolveHttpSettings(visit.url("f.bin"), { maxConnections: 3 }, meter);
      const ask = { kind: "span", range: new Range(0, 10) } as const;
      const { source, first } = await openHttpSource(settings, { ask, exact: false }, undefined);
      await using closing = source;
      while ((await first?.body.read()) !== undefined);
      expect(closing.pipelines).toBe(true);
      const pipelines = Array.from({ length: 3 }, () => new Pipeline());
      const reads = ranges.map((range, index) => read(source.link, range, pipelines[index % 3] as Pipeline));
      for (const [index, bytes] of (await Promise.all(reads)).entries()) {
        const { start, end } = ranges[index] as Range;
        expectSameBytes(bytes, FILE.subarray(start, end));
      }
      expect([meter.requests, meter.retries]).toEqual([25, 0]);
      expect(source.link.origin.capabilities.pipelining).toBe(true);
      expect((await visit.requests(25)).length).toBe(25);
    });
  });
}
