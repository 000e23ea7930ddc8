import { dimensions, type FileFacts, known } from "./facts.ts";
import type { HeadView } from "./head-view.ts";
import { type Box, boxesOf, brandsOf, contentOf, findBox, missingBox } from "./iso-boxes.ts";

/** Brands, and the dimensions and rotation that belong to the primary item (ISO/IEC 23008-12), where the head holds its properties. */
export function heifFacts(head: HeadView): FileFacts {
  let brands: readonly string[] = [];
  let end = 0;
  for (const box of boxesOf(head, { start: 0, end: head.fileSize })) {
    if (box.type === "ftyp") brands = brandsOf(head, box);
    // A full box: four bytes of version and flags come before what it holds.
    if (box.type === "meta") return imageFacts(head, { ...box, start: box.start + 4 }, brands);
    end = box.end;
  }
  return { ...known({ brands }), note: missingBox(head, end) };
}

function imageFacts(head: HeadView, meta: Box, brands: readonly string[]): FileFacts {
  const properties = primaryProperties(head, meta);
  const size = contentOf(
    head,
    properties.find(({ type }) => type === "ispe"),
    12,
  );
  const turn = contentOf(
    head,
    properties.find(({ type }) => type === "irot"),
    1,
  );
  // Counted against the clock; elsewhere with it, as everyone else counts.
  const rotationDegrees = turn === undefined ? undefined : (360 - (turn.uint8(0) & 3) * 90) % 360;
  const details = known({ brands, rotationDegrees });
  if (size !== undefined) return { ...dimensions(size.uint32(4), size.uint32(8)), ...details };
  return { ...details, note: head.covers(0, meta.end) ? "it tells no dimensions" : head.missing(meta.end) };
}

/** The boxes that the primary item is associated with, in the order of the file. */
function primaryProperties(head: HeadView, meta: Box): readonly Box[] {
  const primary = contentOf(head, findBox(head, meta, ["pitm"]), 6);
  const all = findBox(head, meta, ["iprp", "ipco"]);
  const links = contentOf(head, findBox(head, meta, ["iprp", "ipma"]), 8);
  if (primary === undefined || all === undefined || links === undefined) return [];
  const isWide = primary.uint8(0) !== 0;
  if (isWide && !primary.covers(4, 4)) return [];
  const wanted = associated(links, isWide ? primary.uint32(4) : primary.uint16(4));
  return [...boxesOf(head, all)].filter((_, index) => wanted.has(index + 1));
}

/** The numbers of an item's properties, counted from 1. The head's end ends it, whatever number of items is claimed. */
function associated(links: HeadView, item: number): ReadonlySet<number> {
  const found = new Set<number>();
  const [idBytes, indexBytes] = [links.uint8(0) === 0 ? 2 : 4, (links.uint8(3) & 1) === 0 ? 1 : 2];
  let at = 8;
  for (let left = links.uint32(4); left > 0 && links.covers(at, idBytes + 1); left--) {
    const id = idBytes === 2 ? links.uint16(at) : links.uint32(at);
    const count = links.uint8(at + idBytes);
    at += idBytes + 1;
    if (!links.covers(at, count * indexBytes)) break;
    // The highest bit says whether a reader must know the property.
    for (const end = at + count * indexBytes; at < end; at += indexBytes) {
      if (id === item) found.add(indexBytes === 1 ? links.uint8(at) & 0x7f : links.uint16(at) & 0x7fff);
    }
  }
  return found;
}
