import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSource, Range, RangeStream } from "../../index.ts";
import { startRangeServer } from "../../testing.ts";
import { openZip } from "../../zip.ts";
import { makeSamplePng } from "../demo/sample-png.ts";
import { makeSampleZip } from "../demo/sample-zip.ts";
import { formatJson } from "../escape-text.ts";
import { formatBytes } from "../format-bytes.ts";
import { type EntryReport, formatEntries, reportEntry } from "../format-entries.ts";
import { formatReceipt, type ReceiptReport, reportReceipt } from "../format-receipt.ts";
import { formatStrip } from "../format-strip.ts";
import type { CommandContext } from "../output.ts";
import { SNIFF_BYTES, sniffType } from "../sniff-type.ts";
import { type ExploreOptions, runExplore } from "./explore.ts";
import type { ReportOptions } from "./ls.ts";

const TEXT_NAME = "example_text_file.txt";
const ZIP_NAME = "sample.zip";
const PNG_NAME = "sample.png";
const MEMBER_NAME = "notes/day-07.txt";

/** What the demo saw, as `--json` prints it. */
interface DemoReport {
  url: string;
  ranges: string;
  read: { range: string; hex: string }[];
  zip: {
    entries: EntryReport[];
    member: { name: string; size: number; firstLine: string };
    fetched: [start: number, end: number][];
    map: string;
    receipt: ReceiptReport;
  };
  png: { type: string | null; receipt: ReceiptReport };
}

/** What `demo` is told; `open` and `page` are for the explorer. */
export interface DemoOptions extends ReportOptions, Pick<ExploreOptions, "open" | "page"> {
  /** Then the zip in the explorer, until Ctrl-C. */
  explore?: boolean | undefined;
}

/** `demo`: all of it against a server of its own, on loopback, in a second or so. */
export async function runDemo(options: DemoOptions, context: CommandContext): Promise<void> {
  const files = {
    [TEXT_NAME]: Uint8Array.of(0x50, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x4b),
    [ZIP_NAME]: makeSampleZip(),
    [PNG_NAME]: makeSamplePng(),
  };
  await using server = await startRangeServer({ files });
  const report: DemoReport = {
    url: server.url,
    ...(await readRanges(`${server.url}/${TEXT_NAME}`, context)),
    zip: await readZip(`${server.url}/${ZIP_NAME}`, context),
    png: await readPng(`${server.url}/${PNG_NAME}`, context),
  };
  await context.output.write(options.json ? formatJson(report) : formatReport(report));
  if (options.receipt && !options.json) context.output.note(formatReceipt(report.zip.receipt));
  if (options.explore) await exploreZip(files[ZIP_NAME], options, context);
}

/** The explorer reads a file: the sample is one as long as it runs. */
async function exploreZip(
  zip: Uint8Array,
  { open, page }: DemoOptions,
  context: CommandContext,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "range-streams-demo-"));
  try {
    const path = join(folder, ZIP_NAME);
    await writeFile(path, zip);
    await runExplore(path, { open, page }, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readRanges(
  url: string,
  { signal }: CommandContext,
): Promise<Pick<DemoReport, "ranges" | "read">> {
  await using stream = await RangeStream.open(url, { signal });
  const responses = [stream.add([0, 3]), stream.add([7, 9])];
  // Looked at before anything is read: what was read is no longer among the ranges.
  const ranges = String(stream.ranges);
  const read: DemoReport["read"] = [];
  for (const response of responses) {
    const bytes = await response.read(undefined, { signal });
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    read.push({ range: String(response.range), hex });
  }
  return { ranges, read };
}

async function readZip(url: string, { signal }: CommandContext): Promise<DemoReport["zip"]> {
  await using archive = await openZip(url, { signal });
  const { source } = archive;
  const entry = archive.get(MEMBER_NAME);
  const text = await entry.text({ signal });
  const fetched = [...source.receipt.ranges];
  return {
    entries: archive.entries.map(reportEntry),
    member: { name: entry.name, size: entry.size, firstLine: text.slice(0, text.indexOf("\n")) },
    fetched: fetched.map(({ start, end }) => [start, end]),
    map: formatStrip(fetched, source.size),
    receipt: reportReceipt(source),
  };
}

async function readPng(url: string, { signal }: CommandContext): Promise<DemoReport["png"]> {
  await using source = await openSource(url, { probe: new Range(0, SNIFF_BYTES), signal });
  const type = sniffType(await source.read([0, SNIFF_BYTES], { signal })) ?? null;
  return { type, receipt: reportReceipt(source) };
}

function formatReport({ url, ranges, read, zip, png }: DemoReport): string {
  const { entries, member, receipt } = zip;
  const shown = entries.slice(0, 7);
  const lines = [
    `A range server of our own, on loopback: ${url}`,
    "",
    `1. Ranges of ${TEXT_NAME}`,
    `   stream = await RangeStream.open("${url}/${TEXT_NAME}")`,
    "   stream.add([0, 3])",
    "   stream.add([7, 9])",
    "   stream.ranges",
    "",
    ranges,
    "",
    ...read.map(({ range, hex }) => `   ${range} holds ${hex}`),
    "",
    `2. The directory of ${ZIP_NAME}, from its end`,
    "",
    formatEntries(shown).trimEnd(),
    `… and ${entries.length - shown.length} more members`,
    "",
    `3. One member, ${member.name}: ${formatBytes(member.size)}, checksum verified, first line "${member.firstLine}"`,
    "",
    `   what was fetched of ${ZIP_NAME}:`,
    `   0 ${zip.map} ${formatBytes(receipt.size ?? 0)}`,
    `   ${zip.fetched.map(([start, end]) => `[${start}, ${end})`).join(", ")}`,
    `   ${formatReceipt(receipt)}`,
    "",
    `4. ${PNG_NAME} is of type ${png.type}, told from its first bytes`,
    `   ${formatReceipt(png.receipt)}`,
    "",
    "Look at it in the browser, and at any file: range-streams explore [URL|FILE], or demo --explore",
  ];
  return `${lines.join("\n")}\n`;
}
