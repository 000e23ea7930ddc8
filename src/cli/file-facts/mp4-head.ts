import { type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";
import { type Box, boxesOf, brandsOf, contentOf, findBox, missingBox } from "./iso-boxes.ts";

/** What the outermost boxes before the movie header tell. */
interface Opening {
  readonly brands?: readonly string[];
  /** No data come before it; unknown before either was seen. */
  readonly moovFirst?: boolean;
}

/** Brands, and of a movie header that begins in the head its duration and its first video track (ISO/IEC 14496-12). */
export function mp4Facts(head: HeadView): FileFacts {
  let opening: Opening = {};
  let end = 0;
  for (const box of boxesOf(head, { start: 0, end: head.fileSize })) {
    if (box.type === "ftyp") opening = { ...opening, brands: brandsOf(head, box) };
    if (box.type === "moov") return movieFacts(head, box, { moovFirst: true, ...opening });
    // Fragments name no duration; their movie header comes first.
    if (box.type === "mdat" || box.type === "moof") opening = { ...opening, moovFirst: false };
    end = box.end;
  }
  return { ...known({ ...opening }), note: noMovie(head, end, opening) };
}

/** Why there is no movie header up to where the boxes that the head shows end. */
function noMovie(head: HeadView, end: number, { moovFirst }: Opening): string {
  if (end >= head.fileSize) return "it has no movie header";
  if (moovFirst === undefined || head.covers(end, 16)) return missingBox(head, end);
  return `its movie header comes after the data, not in the first ${head.length} bytes`;
}

function movieFacts(head: HeadView, moov: Box, opening: Opening): FileFacts {
  const track = findVideoTrack(head, moov);
  const shape = track === undefined ? {} : trackShape(head, track);
  const facts = {
    ...shape.size,
    ...known({
      ...opening,
      durationSeconds: durationSeconds(head, findBox(head, moov, ["mvhd"])),
      videoCodec: track === undefined ? undefined : codecOf(head, track),
      rotationDegrees: shape.rotationDegrees,
    }),
  };
  return head.covers(0, moov.end) ? facts : { ...facts, note: head.missing(moov.end) };
}

function findVideoTrack(head: HeadView, moov: Box): Box | undefined {
  for (const box of boxesOf(head, moov)) {
    if (box.type !== "trak") continue;
    const handler = contentOf(head, findBox(head, box, ["mdia", "hdlr"]), 12);
    if (handler?.text(8, 4) === "vide") return box;
  }
  return undefined;
}

/** Undefined where it is not known: all bits set, or 0 as in files of fragments. */
function durationSeconds(head: HeadView, mvhd: Box | undefined): number | undefined {
  const content = contentOf(head, mvhd, 20);
  if (content === undefined) return undefined;
  const isWide = content.uint8(0) === 1;
  if (isWide && !content.covers(0, 32)) return undefined;
  const timescale = content.uint32(isWide ? 20 : 12);
  const duration = isWide ? content.uint64(24) : content.uint32(16);
  if (timescale === 0 || duration === 0 || duration === (isWide ? Infinity : 0xffffffff)) return undefined;
  return Math.round((duration / timescale) * 1000) / 1000;
}

/** As the track is to be shown, before it is turned: whole pixels of a number with 16 bits of fraction. */
function trackShape(
  head: HeadView,
  track: Box,
): { size?: { width: number; height: number }; rotationDegrees?: number | undefined } {
  const tkhd = findBox(head, track, ["tkhd"]);
  const first = contentOf(head, tkhd, 1);
  const shift = first?.uint8(0) === 1 ? 12 : 0;
  const content = contentOf(head, tkhd, 84 + shift);
  if (content === undefined) return {};
  const [width, height] = [content.uint16(76 + shift), content.uint16(80 + shift)];
  const [a, b] = [content.int32(40 + shift), content.int32(44 + shift)];
  const rotationDegrees = b === 0x10000 ? 90 : b === -0x10000 ? 270 : a === -0x10000 ? 180 : undefined;
  return width === 0 || height === 0 ? {} : { size: { width, height }, rotationDegrees };
}

function codecOf(head: HeadView, track: Box): string | undefined {
  const samples = findBox(head, track, ["mdia", "minf", "stbl", "stsd"]);
  return contentOf(head, samples, 16)?.text(12, 4);
}
