import { describe, expect, it } from "vitest";
import { DownloadBar, type DownloadState } from "./download-bar.ts";

/** What is shown for states at moments, in milliseconds. */
function show(...states: [at: number, bytes: number][]): string[] {
  const shown: string[] = [];
  let now = 0;
  const bar = new DownloadBar(
    (line) => shown.push(line),
    () => now,
  );
  for (const [at, bytes] of states) {
    now = at;
    bar.show((): DownloadState => ({ bytes, totalBytes: 10_000_000, parts: bytes % 3 }));
  }
  bar.clear();
  return shown;
}

describe("the line of a download", () => {
  it("shows share, bar, bytes, rate, time left and parts on their way", () => {
    expect(show([0, 0], [1000, 2_500_000], [2000, 5_000_000])).toEqual([
      `  0 %  [${"·".repeat(12)}]  0 B of 10.0 MB  0 parts`,
      ` 25 %  [${"█".repeat(3)}${"·".repeat(9)}]  2.5 MB of 10.0 MB  2.5 MB/s  3 s left  1 part`,
      ` 50 %  [${"█".repeat(6)}${"·".repeat(6)}]  5.0 MB of 10.0 MB  2.5 MB/s  2 s left  2 parts`,
      "",
    ]);
  });

  it("tells the rate of the last seconds, and hours where there are hours", () => {
    const shown = show([0, 0], [1000, 5_000_000], [2000, 5_000_100], [6000, 5_000_200], [10_000, 5_000_600]);
    expect(shown.at(-2)).toContain("  100 B/s  13:53:14 left  ");
    expect(show([0, 0], [1000, 100_000]).at(-2)).toContain("  100.0 kB/s  1:39 left  ");
  });

  it("is written ten times a second at most, and not at all without a terminal", () => {
    expect(show([0, 0], [50, 1], [99, 2], [100, 3]).length).toBe(3);
    const bar = new DownloadBar(undefined);
    expect(() => {
      bar.show(() => {
        throw new Error("nobody looks");
      });
      bar.clear();
    }).not.toThrow();
  });
});
