import { escapeText } from "../escape-text.ts";
import { formatBytes } from "../format-bytes.ts";
import { formatReceipt } from "../format-receipt.ts";
import type { FileMap, MapPart } from "./map-model.ts";

const WIDTH = 960;
const STRIP = { left: 20, width: 920, membersTop: 56, fetchedTop: 100, height: 36 } as const;
const HEIGHT = 196;
/** Parts narrower than this are drawn as one, so that 66,000 members are a drawing that can be opened. */
const MIN_WIDTH = 0.5;
/** Characters of a name that are shown. */
const SHOWN_NAME = 200;

const COLORS = {
  even: "#4c78a8",
  odd: "#86a9cc",
  directory: "#e45756",
  gap: "#d9d9d9",
  fetched: "#2f9e44",
} as const;

/**
 * A map as a picture: above what lies where, below what of it was fetched. The same map gives the same bytes. Names are text that is
 * escaped, so that none of an archive's becomes markup (XML 1.0 sections 2.2 and 2.4).
 */
export function formatSvg(map: FileMap): string {
  const { url, size, format, fetched, receipt } = map;
  const name = shorten(nameOf(url));
  const count = map.parts.filter(({ kind }) => kind === "member").length;
  const what =
    format === null ? "" : ` A ${format} archive with ${count} ${count === 1 ? "member" : "members"}.`;
  const cost = formatReceipt(receipt).replace(/^receipt: /, "");
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="14">`,
    `<title id="title">Range map of ${escapeXml(name)}</title>`,
    `<desc id="desc">${formatBytes(size)}.${escapeXml(what)} Fetched: ${escapeXml(cost)}.</desc>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    '<g font-weight="bold">',
    text(STRIP.left, 34, `${name}, ${formatBytes(size)}`),
    "</g>",
    "<g>",
    ...drawParts(map),
    "</g>",
    "<g>",
    bar({ left: 0, width: STRIP.width, top: STRIP.fetchedTop }, "#f1f1f1"),
    ...joinNarrow(fetched, size).map(({ start, end }) =>
      bar(
        { ...place(start, end, size), top: STRIP.fetchedTop },
        COLORS.fetched,
        `fetched [${start}, ${end})`,
      ),
    ),
    "</g>",
    text(STRIP.left, 156, cost),
    ...drawLegend(format !== null),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

interface Box {
  /** From the left end of the strip. */
  readonly left: number;
  readonly width: number;
  readonly top: number;
}

function drawParts({ parts, size }: FileMap): string[] {
  const whole = bar({ left: 0, width: STRIP.width, top: STRIP.membersTop }, COLORS.gap);
  let members = 0;
  const drawn = joinParts(parts, size).map(({ kind, start, end, label }) => {
    if (kind === "member") members++;
    const color = kind === "member" ? COLORS[members % 2 === 1 ? "even" : "odd"] : COLORS[kind];
    return bar({ ...place(start, end, size), top: STRIP.membersTop }, color, `${label} [${start}, ${end})`);
  });
  return [whole, ...drawn];
}

interface Joined extends MapPart {
  readonly label: string;
}

/** Members too narrow to be told apart become one; of directories there is one, and gaps are drawn where they are. */
function joinParts(parts: readonly MapPart[], size: number): Joined[] {
  const joined: Joined[] = [];
  let count = 0;
  for (const part of parts) {
    const last = joined.at(-1);
    const both = part.kind === "member" && last?.kind === "member";
    if (last !== undefined && both && isNarrow(last, size) && isNarrow(part, size)) {
      count++;
      joined[joined.length - 1] = { ...last, end: part.end, label: `${count} members` };
    } else {
      count = 1;
      joined.push({ ...part, label: part.kind === "member" ? shorten(part.name) : part.kind });
    }
  }
  return joined;
}

function joinNarrow(
  ranges: FileMap["fetched"],
  size: number,
): { readonly start: number; readonly end: number }[] {
  const joined: { start: number; end: number }[] = [];
  for (const [start, end] of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && isNarrow({ start: last.end, end: start }, size)) last.end = end;
    else joined.push({ start, end });
  }
  return joined;
}

function isNarrow({ start, end }: { readonly start: number; readonly end: number }, size: number): boolean {
  return ((end - start) / size) * STRIP.width < MIN_WIDTH;
}

/** Nothing is so little that it is not seen. */
function place(start: number, end: number, size: number): Pick<Box, "left" | "width"> {
  const left = size === 0 ? 0 : (start / size) * STRIP.width;
  const width = size === 0 ? 0 : ((end - start) / size) * STRIP.width;
  return { left: Math.min(left, STRIP.width - 1), width: Math.max(width, 1) };
}

function bar({ left, width, top }: Box, color: string, title?: string): string {
  const box = `<rect x="${round(STRIP.left + left)}" y="${top}" width="${round(width)}" height="${STRIP.height}" fill="${color}"`;
  return title === undefined ? `${box}/>` : `${box}><title>${escapeXml(title)}</title></rect>`;
}

function text(x: number, y: number, words: string): string {
  return `<text x="${x}" y="${y}" fill="#1a1a1a">${escapeXml(words)}</text>`;
}

function drawLegend(isArchive: boolean): string[] {
  const archive = [
    ["members", COLORS.even],
    ["directory", COLORS.directory],
    ["gap", COLORS.gap],
  ] as const;
  const entries = [...(isArchive ? archive : []), ["fetched", COLORS.fetched] as const];
  return entries.flatMap(([label, color], index) => {
    const x = STRIP.left + index * 120;
    return [`<rect x="${x}" y="170" width="12" height="12" fill="${color}"/>`, text(x + 18, 181, label)];
  });
}

/** The last part of a URL or path: a host and a port are not what is drawn. */
function nameOf(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1) || url;
}

function shorten(name: string): string {
  const characters = Array.from(name);
  return characters.length > SHOWN_NAME ? `${characters.slice(0, SHOWN_NAME).join("")}…` : name;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Also what XML has no place for, whatever it is written as: controls, lone surrogates, U+FFFE and U+FFFF. */
function escapeXml(words: string): string {
  return escapeText(words)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replace(/[\p{Surrogate}\ufffe\uffff]/gu, "\ufffd");
}
