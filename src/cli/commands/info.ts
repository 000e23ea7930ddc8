import type { Identity } from "../../index.ts";
import { escapeText, formatJson } from "../escape-text.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt, reportReceipt } from "../format-receipt.ts";
import { imageDimensions } from "../image-dimensions.ts";
import { openInput } from "../open-input.ts";
import type { CommandContext } from "../output.ts";
import { SNIFF_BYTES, sniffType } from "../sniff-type.ts";
import { parseSourceOptions, type SourceOptions } from "../source-options.ts";
import type { ReportOptions } from "./ls.ts";

/** `info URL`: name, size, identity, range support, type and an image's dimensions, from one request; a JPEG whose
 * frame lies beyond the first 32 KiB takes more. */
export async function runInfo(
  url: string,
  options: ReportOptions & SourceOptions,
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context;
  await using input = await openInput(url, { signal, ...parseSourceOptions(options, context) });
  const { source, local } = input;
  const { name, size, identity } = source;
  const readAt = async (position: number, length: number): Promise<Uint8Array> => {
    const [start, end] = [Math.min(position, size), Math.min(position + length, size)];
    return source.tryRead([start, end]) ?? (await source.read([start, end], { signal }));
  };
  const head = await readAt(0, SNIFF_BYTES);
  const type = sniffType(head);
  const dimensions = await imageDimensions(type, head, readAt);
  const receipt = reportReceipt(source);
  if (options.json) {
    const known = Number.isFinite(size);
    const report = {
      url: name,
      size: known ? size : null,
      identity,
      ranges: true,
      type: type ?? null,
      ...dimensions,
    };
    await output.write(formatJson(options.receipt ? { ...report, receipt } : report));
    return;
  }
  const lines = [
    ["name", escapeText(name)],
    ["size", size < 1000 ? formatBytes(size) : `${formatBytes(size)} (${size} bytes)`],
    ["identity", escapeText(formatIdentity(identity))],
    // Opening a URL succeeds only where the server answered with a range.
    ["ranges", local ? "yes (local file)" : "yes"],
    ["type", type ?? "unknown"],
    ...(dimensions === undefined ? [] : [["pixels", `${dimensions.width} x ${dimensions.height}`]]),
  ];
  await output.write(lines.map(([key, value]) => `${`${key}:`.padEnd(10)}${value}\n`).join(""));
  if (options.receipt) output.note(formatReceipt(receipt));
}

function formatIdentity({ strength, etag, lastModified }: Identity): string {
  const validators = [etag && `ETag ${etag}`, lastModified && `Last-Modified ${lastModified}`].filter(
    Boolean,
  );
  return validators.length === 0 ? strength : `${strength} (${validators.join(", ")})`;
}
