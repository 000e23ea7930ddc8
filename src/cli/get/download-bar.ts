import { formatBytes } from "../format-bytes.ts";
import type { Output } from "../output.ts";

/** The line on the terminal is written anew this often at most. */
const SHOW_MS = 100;
/** The rate is that of so much time. */
const RATE_MS = 3000;
/** So that all of the line is seen on a terminal of 80 columns, as a rule. */
const BAR_CELLS = 12;

/** How far a download is. */
export interface DownloadState {
  /** Bytes that are here, those of earlier runs included. */
  readonly bytes: number;
  readonly totalBytes: number;
  /** Ranges on their way. */
  readonly parts: number;
}

/** A line on the terminal: share, bar, bytes, rate, time left, parts on their way. Nothing where there is no terminal. */
export class DownloadBar {
  readonly #write: Output["progress"];
  readonly #now: () => number;
  readonly #samples: { readonly at: number; readonly bytes: number }[] = [];
  #shownAt = Number.NEGATIVE_INFINITY;

  /** `now` in milliseconds. */
  constructor(write: Output["progress"], now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
  }

  show(state: () => DownloadState): void {
    const now = this.#now();
    if (this.#write === undefined || now - this.#shownAt < SHOW_MS) return;
    this.#shownAt = now;
    const { bytes, totalBytes, parts } = state();
    this.#write(formatDownload({ bytes, totalBytes, parts, bytesPerSecond: this.#rate(now, bytes) }));
  }

  clear(): void {
    if (this.#shownAt >= 0) this.#write?.("");
  }

  /** Undefined until there are two moments to compare. */
  #rate(now: number, bytes: number): number | undefined {
    this.#samples.push({ at: now, bytes });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > RATE_MS) this.#samples.shift();
    const [first] = this.#samples;
    if (first === undefined || first.at === now) return undefined;
    return ((bytes - first.bytes) * 1000) / (now - first.at);
  }
}

function formatDownload(state: DownloadState & { readonly bytesPerSecond: number | undefined }): string {
  const { bytes, totalBytes, parts, bytesPerSecond } = state;
  const share = totalBytes === 0 ? 1 : bytes / totalBytes;
  const full = Math.floor(share * BAR_CELLS);
  const columns = [
    `${String(Math.floor(share * 100)).padStart(3)} %`,
    `[${"█".repeat(full)}${"·".repeat(BAR_CELLS - full)}]`,
    `${formatBytes(bytes)} of ${formatBytes(totalBytes)}`,
  ];
  if (bytesPerSecond !== undefined && bytesPerSecond > 0) {
    columns.push(
      `${formatBytes(Math.round(bytesPerSecond))}/s`,
      `${formatTime((totalBytes - bytes) / bytesPerSecond)} left`,
    );
  }
  columns.push(`${parts} ${parts === 1 ? "part" : "parts"}`);
  return columns.join("  ");
}

/** `8 s`, `2:05`, `1:00:03`. */
function formatTime(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const pair = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours === 0 ? `${minutes}:${pair(whole % 60)}` : `${hours}:${pair(minutes)}:${pair(whole % 60)}`;
}
