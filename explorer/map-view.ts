import type { PlannedSource } from "range-streams";
import type { Entry } from "range-streams/archive";
import { byId, element, setAttribute } from "./element.ts";
import {
  type MapView,
  moveView,
  type Segment,
  type Segments,
  segmentIndexAt,
  sumKinds,
  wholeSegment,
  zoomView,
} from "./map-model.ts";
import { type MapColors, type Patch, paintPatches, paintSegments } from "./map-paint.ts";
import { formatBytes, formatCount, formatShare, visibleName } from "./text.ts";

/** How long a part that has just come is lit up. */
const GLOW_MS = 900;
/** The share of the view that an arrow key moves by. */
const STEP = 1 / 50;

/** Pixels between two fingers: nearer ones, or one alone, count as this far apart. *Unmeasured*. */
const MIN_SPREAD = 24;

const COLOR_NAMES: readonly (keyof MapColors)[] = [
  "memberEven",
  "memberOdd",
  "directory",
  "gap",
  "whole",
  "lane",
  "held",
  "received",
  "pending",
  "mark",
];

interface Glow {
  readonly start: number;
  readonly end: number;
  readonly at: number;
}

/** The map of the file: what its parts are above, what of them has come below. A slider over positions, for keyboard and ear. */
export class MapPanel {
  readonly #strip: HTMLElement = byId("strip", HTMLElement);
  readonly #canvas: HTMLCanvasElement;
  readonly #under: HTMLElement = byId("map-under", HTMLElement);
  readonly #extent: HTMLElement = byId("map-extent", HTMLElement);
  readonly #legend: HTMLElement = byId("map-legend", HTMLElement);
  readonly #onChoose: (entry: Entry) => void;
  #source: PlannedSource | undefined;
  #segments: Segments = [];
  #size = 0;
  #view: MapView = { start: 0, end: 1 };
  #cursor = 0;
  #marked: { readonly start: number; readonly end: number } | undefined;
  #glows: Glow[] = [];
  #areChunks = false;
  #frame = 0;

  constructor(onChoose: (entry: Entry) => void) {
    this.#onChoose = onChoose;
    const canvas = this.#strip.querySelector("canvas");
    if (canvas === null) throw new Error("The strip has no canvas");
    this.#canvas = canvas;
    this.#listen();
  }

  /** Shows another file, whole. */
  show(source: PlannedSource): void {
    this.#source = source;
    this.#size = Number.isFinite(source.size) ? source.size : 0;
    this.#view = { start: 0, end: Math.max(1, this.#size) };
    this.#cursor = 0;
    this.#marked = undefined;
    this.#glows = [];
    setAttribute(this.#strip, "aria-valuemax", String(Math.max(0, this.#size - 1)));
    this.setSegments(wholeSegment(this.#size, "not looked at yet"));
  }

  /** Tells the parts of the file: members of an archive, or chunks of an image. */
  setSegments(segments: Segments, areChunks = false): void {
    this.#segments = segments;
    this.#areChunks = areChunks;
    this.#describe();
    this.draw();
  }

  /** Frames the member that is looked at; undefined takes the frame away. */
  mark(range: { readonly start: number; readonly end: number } | undefined): void {
    this.#marked = range;
    this.draw();
  }

  /** Lights up a part that has just come. */
  glow(start: number, end: number): void {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches)
      this.#glows.push({ start, end, at: performance.now() });
    this.draw();
  }

  /** Draws at the next frame, however often it is asked. */
  draw(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#paint());
  }

  #listen(): void {
    const strip = this.#strip;
    const middle = (): number => (this.#view.start + this.#view.end) / 2;
    byId("zoom-in", HTMLElement).addEventListener("click", () => this.#zoom(2, middle()));
    byId("zoom-out", HTMLElement).addEventListener("click", () => this.#zoom(0.5, middle()));
    byId("zoom-all", HTMLElement).addEventListener("click", () => this.#zoom(0, middle()));
    strip.addEventListener("keydown", (event) => this.#onKey(event));
    strip.addEventListener("dblclick", (event) => this.#zoom(4, this.#positionAt(event)));
    strip.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    this.#listenToPointer(strip);
    new ResizeObserver(() => this.draw()).observe(strip);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#describe();
      this.draw();
    });
  }

  #listenToPointer(strip: HTMLElement): void {
    /** Where a finger or the pressed mouse is, by the id of its pointer. */
    const pressed = new Map<number, number>();
    /** Where they all were, and what was in sight, when the last of them came or went. */
    let from = { middle: 0, spread: 0, view: this.#view };
    let isClick = false;
    const measure = (): typeof from => {
      const [left, right] = [Math.min(...pressed.values()), Math.max(...pressed.values())];
      return { middle: (left + right) / 2, spread: Math.max(MIN_SPREAD, right - left), view: this.#view };
    };
    strip.addEventListener("pointerdown", ({ pointerId, clientX }) => {
      isClick = pressed.size === 0;
      pressed.set(pointerId, clientX);
      from = measure();
      strip.setPointerCapture(pointerId);
    });
    strip.addEventListener("pointermove", (event) => {
      if (!pressed.has(event.pointerId)) {
        this.#moveCursor(this.#positionAt(event));
        return;
      }
      pressed.set(event.pointerId, event.clientX);
      const { middle, spread } = measure();
      this.#view = from.view;
      if (spread !== from.spread)
        this.#zoom(spread / from.spread, this.#positionAt({ clientX: from.middle }));
      this.#pan(from.middle - middle);
    });
    const release = (event: PointerEvent): void => {
      if (!pressed.delete(event.pointerId)) return;
      const wasClick = isClick && Math.abs(from.middle - event.clientX) < 4;
      from = measure();
      if (!wasClick || event.type !== "pointerup") return;
      this.#moveCursor(this.#positionAt(event));
      this.#choose();
    };
    strip.addEventListener("pointerup", release);
    strip.addEventListener("pointercancel", release);
  }

  /** Moves what is in sight by so many pixels. */
  #pan(pixels: number): void {
    const length = this.#view.end - this.#view.start;
    this.#view = moveView(this.#view, (pixels / this.#strip.clientWidth) * length, this.#size);
    this.draw();
  }

  /** With Ctrl or a pinch it zooms; sideways it moves; else the page scrolls. */
  #onWheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) this.#zoom(2 ** (-event.deltaY / 200), this.#positionAt(event));
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.#pan(event.deltaX);
    else return;
    event.preventDefault();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (this.#view.end - this.#view.start) * STEP;
    const targets: Record<string, number> = {
      ArrowRight: this.#cursor + step,
      ArrowUp: this.#cursor + step,
      ArrowLeft: this.#cursor - step,
      ArrowDown: this.#cursor - step,
      PageUp: this.#cursor + step * 10,
      PageDown: this.#cursor - step * 10,
      Home: 0,
      End: this.#size - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) this.#moveCursor(target);
    else if (event.key === "+" || event.key === "=") this.#zoom(2, this.#cursor);
    else if (event.key === "-") this.#zoom(0.5, this.#cursor);
    else if (event.key === "0") this.#zoom(0, this.#cursor);
    else if (event.key === "Enter") this.#choose();
    else return;
    event.preventDefault();
  }

  #choose(): void {
    const entry = this.#segmentAt(this.#cursor)?.entry;
    if (entry !== undefined) this.#onChoose(entry);
  }

  /** By a factor, around a position; 0 is the whole file. */
  #zoom(factor: number, around: number): void {
    const whole = { start: 0, end: Math.max(1, this.#size) };
    this.#view = factor === 0 ? whole : zoomView(this.#view, { factor, around, size: whole.end });
    this.draw();
  }

  #positionAt({ clientX }: Pick<MouseEvent, "clientX">): number {
    const { left, width } = this.#strip.getBoundingClientRect();
    return this.#view.start + ((clientX - left) / Math.max(1, width)) * (this.#view.end - this.#view.start);
  }

  #segmentAt(position: number): Segment | undefined {
    return this.#segments[segmentIndexAt(this.#segments, position)];
  }

  #moveCursor(position: number): void {
    this.#cursor = Math.round(Math.min(Math.max(0, position), Math.max(0, this.#size - 1)));
    const { start, end } = this.#view;
    if (this.#cursor < start) this.#view = moveView(this.#view, this.#cursor - start, this.#size);
    if (this.#cursor >= end) this.#view = moveView(this.#view, this.#cursor + 1 - end, this.#size);
    const segment = this.#segmentAt(this.#cursor);
    if (segment === undefined) return;
    const state = this.#source?.spans.get(this.#cursor);
    const fetched = state === "held" ? "here" : state === "pending" ? "on its way" : "not fetched";
    const name = segment.kind === "member" ? visibleName(segment.label) : segment.label;
    const where = `${formatCount(segment.start)} to ${formatCount(segment.end)}`;
    const said = `Byte ${formatCount(this.#cursor)}, ${fetched}`;
    this.#under.replaceChildren(
      `${said} · `,
      element("bdi", {}, name),
      ` · ${where}, ${formatBytes(segment.end - segment.start)}`,
    );
    setAttribute(this.#strip, "aria-valuenow", String(this.#cursor));
    setAttribute(this.#strip, "aria-valuetext", `${said}: ${name}, ${where}`);
    this.draw();
  }

  /** What the colors mean, with how much of the file each is. */
  #describe(): void {
    const sums = sumKinds(this.#segments);
    const said: readonly (readonly [keyof typeof sums, string])[] = [
      ["member", this.#areChunks ? "image data" : "members"],
      ["directory", this.#areChunks ? "other chunks" : "directory"],
      ["gap", "gaps"],
      ["whole", "not divided"],
    ];
    const kinds = said.filter(([kind]) => sums[kind] > 0);
    const line = (kind: string, label: string, value: string): HTMLElement =>
      element(
        "li",
        { "data-kind": kind },
        element("span", { class: "swatch" }),
        `${label} `,
        element("b", { class: "numbers" }, value),
      );
    this.#legend.replaceChildren(
      ...kinds.map(([kind, label]) => line(kind, label, formatShare(sums[kind], this.#size))),
      line("held", "here", ""),
      line("received", "fetched and let go", ""),
      line("pending", "on its way", ""),
    );
    this.#under.textContent = "Point at the strip, or move over it with the arrow keys.";
  }

  #paint(): void {
    this.#frame = 0;
    const context = this.#canvas.getContext("2d");
    const source = this.#source;
    if (context === null || source === undefined) return;
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.#strip.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.#strip.clientHeight * ratio));
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const colors = readColors();
    const view = this.#view;
    const parts = { top: 0, height: Math.round(height * 0.56), width };
    const fetched = { top: Math.round(height * 0.62), height: height - Math.round(height * 0.62), width };
    context.fillStyle = colors.lane;
    context.fillRect(0, 0, width, height);
    paintSegments(context, this.#segments, { lane: parts, view, colors });
    paintPatches(context, this.#fetchedPatches(source, colors), { lane: fetched, view });
    this.#paintGlows(context, { lane: fetched, view });
    if (this.#marked !== undefined)
      this.#paintFrame(context, this.#marked, { height: parts.height, width, color: colors.mark });
    const { start, end } = view;
    const isWhole = start === 0 && end >= this.#size;
    const seen = `${formatCount(Math.floor(start))} to ${formatCount(Math.ceil(end))}`;
    this.#extent.textContent = `${formatBytes(this.#size)}${isWhole ? "" : `, bytes ${seen}`}`;
  }

  /** What has come and is not held any more, what is held, what is on its way: the later over the earlier. */
  *#fetchedPatches(source: PlannedSource, colors: MapColors): Generator<Patch> {
    for (const { start, end } of source.receipt.ranges) yield { start, end, color: colors.received };
    for (const [{ start, end }, state] of source.spans) {
      if (state === "held") yield { start, end, color: colors.held };
    }
    for (const [{ start, end }, state] of source.spans) {
      if (state === "pending") yield { start, end, color: colors.pending };
    }
  }

  #paintGlows(
    context: CanvasRenderingContext2D,
    place: { lane: { top: number; height: number; width: number }; view: MapView },
  ): void {
    const now = performance.now();
    this.#glows = this.#glows.filter(({ at }) => now - at < GLOW_MS);
    for (const { start, end, at } of this.#glows) {
      context.globalAlpha = 0.75 * (1 - (now - at) / GLOW_MS);
      paintPatches(context, [{ start, end, color: "#fff" }], place);
    }
    context.globalAlpha = 1;
    if (this.#glows.length > 0) this.draw();
  }

  #paintFrame(
    context: CanvasRenderingContext2D,
    { start, end }: { readonly start: number; readonly end: number },
    { height, width, color }: { height: number; width: number; color: string },
  ): void {
    const scale = width / (this.#view.end - this.#view.start);
    const left = (start - this.#view.start) * scale;
    context.strokeStyle = color;
    context.lineWidth = 2;
    context.strokeRect(left, 1, Math.max(3, (end - start) * scale), height - 2);
  }
}

function readColors(): MapColors {
  const style = getComputedStyle(document.documentElement);
  const colors = COLOR_NAMES.map((name) => [name, style.getPropertyValue(`--map-${name}`).trim()]);
  return Object.fromEntries(colors) as unknown as MapColors;
}
