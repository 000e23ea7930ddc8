import type { PlannedSource } from "../index.ts";
import { formatBytes } from "./format-bytes.ts";

/** What a command cost, as JSON. */
export interface ReceiptReport {
  requests: number;
  retries: number;
  bytesReceived: number;
  bytesWanted: number;
  /** Bytes of the file; null where the server keeps it secret. */
  size: number | null;
  /** Bytes received for each byte of the file. */
  share: number | null;
}

/** The receipt of a source so far. */
export function reportReceipt({ receipt, size }: Pick<PlannedSource, "receipt" | "size">): ReceiptReport {
  const { requests, retries, bytesReceived, bytesWanted } = receipt;
  const known = Number.isFinite(size);
  const share = known && size > 0 ? bytesReceived / size : null;
  return { requests, retries, bytesReceived, bytesWanted, size: known ? size : null, share };
}

/** `receipt: 2 requests, 65.5 kB moved, 0.8 % of 8.4 MB`. */
export function formatReceipt(report: ReceiptReport): string {
  const { requests, bytesReceived, size, share } = report;
  const parts = [
    `${requests} ${requests === 1 ? "request" : "requests"}`,
    `${formatBytes(bytesReceived)} moved`,
  ];
  if (size !== null && share !== null) parts.push(`${formatShare(share)} of ${formatBytes(size)}`);
  return `receipt: ${parts.join(", ")}`;
}

/** A share in percent; a little is never shown as nothing. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return `${(share * 100).toFixed(1)} %`;
}
