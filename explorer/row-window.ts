/** Which lines are to be drawn, and where. */
export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly last: number;
  /** Pixels from the top of the content to the first of them. */
  readonly top: number;
}

/** What is shown of a list that is too long to be drawn. */
export interface Scrolled {
  readonly count: number;
  readonly rowHeight: number;
  readonly viewHeight: number;
  readonly scrollTop: number;
}

/** Browsers clamp what is taller: Firefox at 17.8 million pixels, Chromium at 33.5 million. */
const MAX_HEIGHT = 8_000_000;
/** Drawn beyond the edges, so that a little scrolling shows no empty lines. */
const SPARE_ROWS = 8;

/** The height of the content in pixels: that of all lines, or less where a browser would not have it. */
export function contentHeight(count: number, rowHeight: number): number {
  return Math.min(count * rowHeight, MAX_HEIGHT);
}

/** The lines to draw at a place of scrolling. Where the content is squeezed, scrolling goes over more lines a pixel. */
export function rowWindow({ count, rowHeight, viewHeight, scrollTop }: Scrolled): RowWindow {
  const full = count * rowHeight;
  const reach = contentHeight(count, rowHeight) - viewHeight;
  const at = reach <= 0 ? 0 : (Math.min(scrollTop, reach) / reach) * (full - viewHeight);
  const first = Math.max(0, Math.floor(at / rowHeight) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((at + viewHeight) / rowHeight) + SPARE_ROWS);
  return { first, last, top: scrollTop - (at - first * rowHeight) };
}

/** Where to scroll so that a line is wholly seen; the place as it is where it is already. */
export function scrollTopFor(row: number, scrolled: Scrolled): number {
  const { count, rowHeight, viewHeight, scrollTop } = scrolled;
  const full = count * rowHeight;
  const reach = contentHeight(count, rowHeight) - viewHeight;
  if (reach <= 0) return 0;
  const scale = (full - viewHeight) / reach;
  const at = scrollTop * scale;
  const top = row * rowHeight;
  if (top < at) return top / scale;
  return top + rowHeight > at + viewHeight ? (top + rowHeight - viewHeight) / scale : scrollTop;
}
