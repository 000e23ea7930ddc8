import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buildTar } from "../../test/tar/build-tar.ts";
import { buildZip } from "../../test/zip/build-zip.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../testing.ts";
import { run } from "./run.ts";

const LOGS = Array.from({ length: 100 }, (_, index) => ({
  name: `logs/${String(index).padStart(3, "0")}.txt`,
  data: patternBytes(2000 + index, index),
}));
/** Keeps the directory of the zip, which opening reads, away from the members. */
const FILLER = { name: "filler.bin", data: patternBytes(3_000_000, 7) };
const TAR = buildTar([...LOGS, { name: "linked.txt", type: "1", linkName: "logs/000.txt" }, FILLER]);
const ALL = Buffer.concat(LOGS.map(({ data }) => data));

let server: RangeServer;
beforeAll(async () => {
  server = await startRangeServer({
    files: { "x.zip": buildZip([...LOGS, FILLER]), "x.tar": TAR, "x.tar.gz": new Uint8Array(gzipSync(TAR)) },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
});

async function runArgs(...args: string[]): Promise<{ readonly code: number; readonly out: Buffer }> {
  const chunks: Buffer[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data)),
    note: () => undefined,
  };
  const code = await run(args, "9.9.9", { output, signal: new AbortController().signal });
  return { code, out: Buffer.concat(chunks) };
}

const sentRanges = (): unknown[] => server.requests.map(({ headers }) => headers.range);

describe("range-streams cat of several members", () => {
  it("sends the requests that plan promises: one, behind the opening", async () => {
    const planned = await runArgs("plan", `${server.url}/x.zip`, "logs/*", "--json");
    const { requests } = JSON.parse(planned.out.toString());
    server.requests.length = 0;
    const { code, out } = await runArgs("cat", `${server.url}/x.zip`, "logs/*");
    expect([code, out.equals(ALL)]).toEqual([0, true]);
    expect(requests.length).toBe(1);
    const [[start, end]] = requests;
    expect(sentRanges()).toEqual(["bytes=-65536", `bytes=${start}-${end - 1}`]);
  });

  it.each(["x.zip", "x.tar", "x.tar.gz"])("%s: writes them in the order asked", async (name) => {
    const named = [
      "logs/007.txt",
      "logs/008.txt",
      "logs/003.txt",
      "logs/003.txt",
      "filler.bin",
      "logs/001.txt",
    ];
    const wanted = named.map((text) => [...LOGS, FILLER].find((each) => each.name === text)?.data ?? ALL);
    const { code, out } = await runArgs("cat", `${server.url}/${name}`, ...named);
    expect([code, out.equals(Buffer.concat(wanted))]).toEqual([0, true]);
  });

  it.each(["x.tar", "x.tar.gz"])(
    "%s: a hard link comes where it was asked for, and not where its target lies",
    async (name) => {
      const [first, second] = LOGS.map(({ data }) => data);
      const { out } = await runArgs(
        "cat",
        `${server.url}/${name}`,
        "logs/001.txt",
        "linked.txt",
        "logs/000.txt",
      );
      expect(out.equals(Buffer.concat([second ?? ALL, first ?? ALL, first ?? ALL]))).toBe(true);
    },
  );

  it("goes through a compressed tar once for all of them", async () => {
    const listed = await runArgs("ls", `${server.url}/x.tar.gz`);
    const opening = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    server.requests.length = 0;
    const { code, out } = await runArgs("cat", `${server.url}/x.tar.gz`, "logs/*");
    expect([listed.code, code, out.equals(ALL)]).toEqual([0, 0, true]);
    const sent = server.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    expect(sent).toBeLessThanOrEqual(2 * opening);
  });
});
