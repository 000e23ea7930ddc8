import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openArchive } from "../../src/archive.ts";
import { extract } from "../../src/node.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { openZip } from "../../src/zip.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildZip } from "../zip/build-zip.ts";

const MEMBERS = Array.from({ length: 300 }, (_, index) => ({
  name: `folder/m${String(index).padStart(3, "0")}`,
  data: patternBytes(3000, index),
}));
const TAR = buildTar(MEMBERS);
const FILES = {
  "x.zip": buildZip(MEMBERS),
  "deflated.zip": buildZip(MEMBERS.map((member) => ({ ...member, method: 8 }))),
  "x.tar": TAR,
  "hundred.tar": buildTar(MEMBERS.slice(0, 100)),
  "x.tar.gz": new Uint8Array(gzipSync(TAR)),
};
const isOfHundred = ({ name }: { name: string }): boolean => name >= "folder/m100" && name < "folder/m200";

let server: RangeServer;
let to: string;
beforeAll(async () => {
  server = await startRangeServer({ files: FILES });
});
afterAll(() => server.close());
beforeEach(async () => {
  to = await mkdtemp(join(tmpdir(), "range-streams-budget-"));
  server.requests.length = 0;
});
afterEach(() => rm(to, { recursive: true }));

const bytesSent = (): number => server.requests.reduce((sum, exchange) => sum + exchange.bytesSent, 0);

describe("what extraction costs", () => {
  it.each(["x.zip", "deflated.zip"])(
    "100 neighbours of 300 members of %s: 2 requests in all",
    async (name) => {
      await using zip = await openZip(`${server.url}/${name}`);
      expect(await extract(zip, to, { filter: isOfHundred })).toMatchObject({ files: 100, bytes: 300_000 });
      expect(server.requests.length).toBe(2);
      expect(bytesSent()).toBeLessThan(65_536 + 100 * 3100 + 4096);
    },
  );

  it("100 neighbours of 80 kB in a zip and in a tar with an index, once the link is known: 4 requests in all", async () => {
    const members = MEMBERS.slice(0, 110).map(({ name }, index) => ({
      name,
      data: patternBytes(80_000, index),
    }));
    const files = { "large.zip": buildZip(members), "large.tar": buildTar(members) };
    await using other = await startRangeServer({ files, latencyMs: 15 });
    const filter = ({ name }: { name: string }): boolean => name < "folder/m100";
    for (const name of ["large.zip", "large.tar"])
      for (const round of [1, 2, 3]) {
        await using first = await openArchive(`${other.url}/${name}`);
        await using archive =
          name === "large.zip"
            ? first
            : await openArchive(`${other.url}/${name}`, { index: first.toIndex() });
        await extract(archive, join(to, `${name}-${round}`), { filter });
        expect(archive.source.receipt.requests).toBeLessThanOrEqual(4);
      }
  });

  it("all of a tar of 100 members: 4 requests more than listing it at most, and no byte twice", async () => {
    await using tar = await openArchive(`${server.url}/hundred.tar`);
    const listing = server.requests.length;
    expect(await extract(tar, to)).toMatchObject({ files: 100 });
    expect(server.requests.length - listing).toBeLessThanOrEqual(4);
    expect(bytesSent()).toBeLessThanOrEqual(FILES["hundred.tar"].length);
  });

  it.each(["x.zip", "x.tar"])(
    "an index of %s: none to open, 1 for 100 neighbours, none again",
    async (name) => {
      await using first = await openArchive(`${server.url}/${name}`);
      const index = first.toIndex();
      server.requests.length = 0;
      await using archive = await openArchive(`${server.url}/${name}`, { index });
      expect(server.requests.length).toBe(0);
      await extract(archive, to, { filter: isOfHundred });
      expect(server.requests.length).toBe(1);
      expect(bytesSent()).toBeLessThan(100 * 3600 + 4096);
      if (name === "x.tar") return;
      await using again = await openArchive(`${server.url}/${name}`, { index });
      expect(await extract(again, to, { filter: isOfHundred })).toMatchObject({ files: 0, kept: 100 });
      expect(server.requests.length).toBe(1);
    },
  );

  it("all of a compressed tar: at most once through it to list it, and once to write", async () => {
    await using tar = await openArchive(`${server.url}/x.tar.gz`, { cache: false });
    expect(await extract(tar, to)).toMatchObject({ files: 300, directories: 1 });
    expect(bytesSent()).toBeLessThanOrEqual(2 * FILES["x.tar.gz"].length + 32_768);
    expect((await readdir(join(to, "folder"))).length).toBe(300);
  });

  it("what may not be written: nothing beyond the opening", async () => {
    await using zip = await openZip(`${server.url}/x.zip`);
    await expect(extract(zip, to, { maxEntries: 10 })).rejects.toMatchObject({ code: "LIMIT" });
    expect(server.requests.length).toBe(1);
  });
});
