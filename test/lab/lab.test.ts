import { expect, test } from "vitest";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { startLab } from "./lab.ts";

const get = async (url: string, range: string) => {
  const response = await fetch(url, { headers: { Range: range }, cache: "no-store" });
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()), response };
};

test("a lab serves bytes, text and patterns, and tells what was asked", async () => {
  const bytes = patternBytes(300_000, 7);
  await using lab = await startLab({
    files: {
      "a.bin": bytes,
      "t.txt": "grüße",
      p: { pattern: 5000, seed: 3 },
      e: { bytes: "x", etag: '"mine"' },
    },
  });
  expect((await get(`${lab.url}/a.bin`, "bytes=299990-")).bytes).toEqual(bytes.slice(299_990));
  expect(new TextDecoder().decode((await get(`${lab.url}/t.txt`, "bytes=0-")).bytes)).toBe("grüße");
  expect((await get(`${lab.url}/p`, "bytes=100-199")).bytes).toEqual(patternBytes(5000, 3).slice(100, 200));
  expect((await get(`${lab.url}/e`, "bytes=0-0")).response.headers.get("ETag")).toBe('"mine"');
  const gets = (await lab.requests()).filter((request) => request.method === "GET");
  expect(gets.map(({ path, range, status }) => [path, range, status])).toEqual([
    ["/a.bin", "bytes=299990-", 206],
    ["/t.txt", "bytes=0-", 206],
    ["/p", "bytes=100-199", 206],
    ["/e", "bytes=0-0", 206],
  ]);
  expect((await lab.connections()).total).toBeGreaterThan(0);
});

test("a lab misbehaves by name and by rule", async () => {
  await using lab = await startLab({
    files: { x: "0123456789" },
    misbehave: [{ name: "ignores-range", after: 1, times: 1 }],
  });
  const statuses: number[] = [];
  for (let count = 0; count < 3; count++) statuses.push((await get(`${lab.url}/x`, "bytes=0-1")).status);
  expect(statuses).toEqual([206, 200, 206]);
});

test("a name that no misbehaviour bears is refused with the names there are", async () => {
  await expect(startLab({ files: {}, misbehave: "naps" as "stalls" })).rejects.toThrow(
    /'naps'.*ignores-range/,
  );
});

test("files are replaced and removed while a lab runs", async () => {
  await using lab = await startLab({ files: { "a b/c": "one" } });
  const url = `${lab.url}/a%20b/c`;
  await lab.replace("a b/c", "two");
  expect(new TextDecoder().decode((await get(url, "bytes=0-")).bytes)).toBe("two");
  await lab.remove("a b/c");
  expect((await get(url, "bytes=0-")).status).toBe(404);
});

test("a closed lab answers no more, and closing twice is fine", async () => {
  const lab = await startLab({ files: { x: "1" } });
  await lab.close();
  await lab.close();
  await expect(get(`${lab.url}/x`, "bytes=0-")).rejects.toThrow(TypeError);
  await expect(lab.requests()).rejects.toThrow("no lab");
});
