import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RangeServer, startRangeServer } from "../testing/range-server.node.ts";
import { RangeStream } from "./range-stream.ts";

let server: RangeServer;
let host: string;
beforeAll(async () => {
  const file = Uint8Array.of(0x50, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x4b);
  server = await startRangeServer({ files: { "example_text_file.txt": file } });
  host = new URL(server.url).host;
});
afterAll(() => server.close());

const open = (): Promise<RangeStream> => RangeStream.open(`${server.url}/example_text_file.txt`);

describe("what console.log shows", () => {
  it("of a stream: what is still to read, the file's name and its host", async () => {
    await using stream = await open();
    expect(inspect(stream)).toBe(`RangeStream ⠶  @@ 'example_text_file.txt' from ${host}`);
    stream.add([7, 9]);
    const first = stream.add([0, 3]);
    expect(inspect(stream)).toBe(`RangeStream ⠶ [0, 3), [7, 9) @@ 'example_text_file.txt' from ${host}`);
    await first.read(1);
    expect(inspect(stream)).toBe(`RangeStream ⠶ [1, 3), [7, 9) @@ 'example_text_file.txt' from ${host}`);
    expect(`${stream}`).toBe(inspect(stream));
  });

  it("of a handle: the range as it was asked for, behind its name where it has one", async () => {
    await using stream = await open();
    const plain = stream.add([0, 3]);
    const named = stream.add([3, 7], { name: "the middle" });
    await named.read(1);
    stream.add([5, 9]);
    expect(inspect(plain)).toBe(`RangeResponse ⠶ [0, 3) @ 'example_text_file.txt' from ${host}`);
    expect(inspect(named)).toBe(`RangeResponse ⠶ "the middle" [3, 7) @ 'example_text_file.txt' from ${host}`);
    expect(`${named}`).toBe(inspect(named));
  });

  it("of `ranges`: each range that is left, and its handle", async () => {
    await using stream = await open();
    stream.add([7, 9]);
    stream.add([0, 3]);
    const shown = [
      "RangeDict{",
      `  RangeSet{Range[0, 3)}: RangeResponse ⠶ [0, 3) @ 'example_text_file.txt' from ${host},`,
      `  RangeSet{Range[7, 9)}: RangeResponse ⠶ [7, 9) @ 'example_text_file.txt' from ${host}`,
      "}",
    ].join("\n");
    expect(inspect(stream.ranges)).toBe(shown);
    expect(String(stream.ranges)).toBe(shown);
    expect(inspect(stream.requestedRanges)).toBe(shown);
  });

  it("of `ranges` after a read and an overlap: the range left beside the handle as asked for", async () => {
    await using stream = await open();
    await stream.add([3, 7]).read(1);
    stream.add([6, 9]);
    expect(inspect(stream.ranges)).toBe(
      [
        "RangeDict{",
        `  RangeSet{Range[4, 6)}: RangeResponse ⠶ [3, 7) @ 'example_text_file.txt' from ${host},`,
        `  RangeSet{Range[6, 9)}: RangeResponse ⠶ [6, 9) @ 'example_text_file.txt' from ${host}`,
        "}",
      ].join("\n"),
    );
    expect(String(stream.requestedRanges)).toContain("RangeSet{Range[3, 6)}: RangeResponse ⠶ [3, 7)");
  });

  it("of a file whose URL carries secrets, a query and a fragment: none of them", async () => {
    const secret = server.url.replace("//", "//user:pass@");
    await using stream = await RangeStream.open(`${secret}/example_text_file.txt?token=hush#part`);
    expect([stream.name, stream.domain]).toEqual(["example_text_file.txt", host]);
    expect(inspect(stream)).toBe(`RangeStream ⠶  @@ 'example_text_file.txt' from ${host}`);
    expect(stream.url).not.toMatch(/user|pass|hush/);
  });

  it("of a stream that was closed, without failing", async () => {
    const stream = await open();
    const handle = stream.add([0, 3]);
    await stream.close();
    expect(inspect(stream)).toBe(`RangeStream ⠶  @@ 'example_text_file.txt' from ${host}`);
    expect(inspect(handle)).toBe(`RangeResponse ⠶ [0, 3) @ 'example_text_file.txt' from ${host}`);
    expect(inspect(stream.ranges)).toBe("RangeDict{}");
  });
});
