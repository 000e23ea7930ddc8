import { download } from "./download.ts";
import { button, element } from "./element.ts";
import { formatError } from "./failure.ts";
import { type Facts, readPngFacts } from "./png-details.ts";
import type { Readable } from "./readable.ts";
import { decodeText, type Sniffed, sniffKind } from "./sniff-kind.ts";
import { formatBytes, formatDay, formatHex, formatShare, visibleName, visibleText } from "./text.ts";

/** What is shown of a large member; a smaller one is read whole, and checked. */
const HEAD_BYTES = 128 * 1024;
/** Bytes in hexadecimal: 512 lines. */
const HEX_BYTES = 8 * 1024;
/** An image up to this is loaded without a question. */
const IMAGE_BYTES = 2 * 1024 * 1024;

/** What the preview asks of the page. */
export interface PreviewEvents {
  /** Opens the archive that the member is. */
  onOpenArchive(readable: Readable): void;
  /** Tells people, listeners of a screen reader included. */
  onStatus(text: string): void;
}

interface Head {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly whole: boolean;
}

interface Shown {
  readonly readable: Readable;
  readonly head: Head;
  readonly sniffed: Sniffed;
}

type Mode = "text" | "image" | "hex";

/** What is looked at: a member of an archive, or a file as it is. */
export class PreviewView {
  readonly #root: HTMLElement;
  readonly #events: PreviewEvents;
  #stopping = new AbortController();
  #imageUrl: string | undefined;

  constructor(root: HTMLElement, events: PreviewEvents) {
    this.#root = root;
    this.#events = events;
  }

  /** Shows nothing, and ends what was on its way. */
  clear(): void {
    this.#restart();
    this.#root.replaceChildren(
      element("h2", { id: "preview-title" }, "Preview"),
      element("p", { class: "quiet" }, "Choose a member to look at it. Nothing of it is fetched before."),
    );
  }

  /** Reads what is needed to show it, and shows it. Never rejects: what goes wrong is shown. */
  async show(readable: Readable): Promise<void> {
    const signal = this.#restart();
    const body = element("div", { class: "preview-body" }, element("p", { class: "quiet" }, "Reading…"));
    const tools = element("div", { class: "tools" });
    this.#root.replaceChildren(...this.#heading(readable), tools, body);
    await this.#guarded(body, signal, async () => {
      const { kind = "file", linkTarget } = readable.entry ?? {};
      const pointer = linkTarget === undefined ? [] : [pointerNote(linkTarget)];
      // A hard link, of kind `other`, is one more name of a file.
      if (kind !== "file" && (kind !== "other" || linkTarget === undefined)) {
        body.replaceChildren(emptyNote(kind), ...pointer);
        return;
      }
      body.before(...pointer);
      tools.append(this.#downloadButton(readable));
      const whole = readable.size <= HEAD_BYTES;
      const bytes = whole ? await readable.bytes(signal) : await readable.head(HEAD_BYTES, signal);
      if (signal.aborted) return;
      const shown = { readable, head: { bytes, whole }, sniffed: sniffKind(bytes, whole) };
      this.#showTools(tools, shown, body);
      this.#showMode(
        shown.sniffed.imageType === undefined ? (shown.sniffed.kind === "text" ? "text" : "hex") : "image",
        shown,
        body,
      );
      this.#events.onStatus(`Shown: ${visibleName(readable.name)}, ${formatBytes(readable.size)}`);
    });
  }

  /** Ends what came before, gives back what it held, and begins anew. */
  #restart(): AbortSignal {
    this.#stopping.abort(new DOMException("Something else is looked at", "AbortError"));
    this.#stopping = new AbortController();
    if (this.#imageUrl !== undefined) URL.revokeObjectURL(this.#imageUrl);
    this.#imageUrl = undefined;
    return this.#stopping.signal;
  }

  async #guarded(body: HTMLElement, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (signal.aborted) return;
      body.replaceChildren(element("p", { class: "error", role: "alert" }, formatError(error)));
    }
  }

  #heading({ name, size, entry }: Readable): HTMLElement[] {
    const shown = visibleName(name) || "(no name)";
    const said =
      entry === undefined
        ? [formatBytes(size)]
        : [
            formatBytes(size),
            `${formatBytes(entry.storedSize)} stored (${formatShare(entry.storedSize, size)})`,
            entry.method,
            formatDay(entry.modified),
            entry.crc32 === undefined ? "" : `CRC-32 ${entry.crc32.toString(16).padStart(8, "0")}`,
          ];
    return [
      element("h2", { id: "preview-title" }, element("bdi", {}, shown)),
      element("p", { class: "quiet numbers" }, said.filter((text) => text !== "").join(" · ")),
    ];
  }

  #showTools(tools: HTMLElement, shown: Shown, body: HTMLElement): void {
    const { sniffed, readable } = shown;
    if (sniffed.kind === "archive" && readable.entry !== undefined) {
      tools.prepend(
        button("Open this archive", () => this.#events.onOpenArchive(readable), { class: "primary" }),
      );
    }
    const modes: readonly Mode[] = [
      ...(sniffed.imageType === undefined ? [] : (["image"] as const)),
      ...(sniffed.kind === "text" ? (["text"] as const) : []),
      "hex",
    ];
    if (modes.length < 2) return;
    const labels: Record<Mode, string> = { image: "Image", text: "Text", hex: "Hex" };
    const buttons = modes.map((mode, index) =>
      button(labels[mode], () => choose(mode), { "aria-pressed": String(index === 0), "data-mode": mode }),
    );
    const choose = (mode: Mode): void => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each.dataset["mode"] === mode));
      this.#showMode(mode, shown, body);
    };
    tools.append(element("div", { class: "modes", role: "group", "aria-label": "Show as" }, ...buttons));
  }

  #showMode(mode: Mode, shown: Shown, body: HTMLElement): void {
    if (mode === "image") this.#showImage(shown, body);
    else body.replaceChildren(...(mode === "text" ? textParts(shown) : hexParts(shown)));
  }

  #showImage(shown: Shown, body: HTMLElement): void {
    const { readable, sniffed } = shown;
    const signal = this.#stopping.signal;
    const picture = element("div", { class: "picture" });
    const details = element("div");
    body.replaceChildren(picture, details);
    const small = readable.size <= IMAGE_BYTES;
    const describe = (all: boolean): void => {
      if (sniffed.kind === "png")
        void this.#guarded(details, signal, () => this.#describePng(details, shown, all));
    };
    const load = (): Promise<void> =>
      this.#guarded(picture, signal, async () => {
        const bytes = shown.head.whole ? shown.head.bytes : await readable.bytes(signal);
        if (signal.aborted) return;
        this.#placeImage(picture, bytes, shown);
        describe(true);
      });
    if (small) {
      void load();
      return;
    }
    picture.replaceChildren(button(`Load the image (${formatBytes(readable.size)})`, () => void load()));
    // Of a compressed one nothing can be told without all of it.
    if (readable.inPlace) describe(false);
  }

  async #describePng(details: HTMLElement, { readable }: Shown, all: boolean): Promise<void> {
    const signal = this.#stopping.signal;
    const source = await readable.source(signal);
    try {
      const facts = await readPngFacts(source, { all, signal });
      if (!signal.aborted) details.replaceChildren(factList(facts));
    } finally {
      if (readable.entry !== undefined) await source.close();
    }
  }

  #placeImage(picture: HTMLElement, bytes: Uint8Array<ArrayBuffer>, { readable, sniffed }: Shown): void {
    if (this.#imageUrl !== undefined) URL.revokeObjectURL(this.#imageUrl);
    this.#imageUrl = URL.createObjectURL(new Blob([bytes], { type: sniffed.imageType ?? "" }));
    const image = element("img", { alt: `The image ${visibleName(readable.name)}` });
    const size = element("p", { class: "quiet numbers" });
    image.addEventListener("load", () => {
      size.textContent = `${image.naturalWidth} × ${image.naturalHeight} pixels`;
    });
    image.addEventListener("error", () => {
      size.textContent = "The browser cannot show this image.";
    });
    image.src = this.#imageUrl;
    picture.replaceChildren(image, size);
  }

  #downloadButton(readable: Readable): HTMLElement {
    const signal = this.#stopping.signal;
    const press = button("Download", () => {
      press.disabled = true;
      const said = element("div");
      press.after(said);
      void this.#guarded(said, signal, async () => {
        await download(readable, signal, (bytes) => {
          press.textContent = `Downloading ${formatShare(bytes, readable.size)}`;
        });
        this.#events.onStatus(`Downloaded ${visibleName(readable.name)}, checked to its end`);
      }).finally(() => {
        press.textContent = "Download";
        press.disabled = false;
      });
    });
    return press;
  }
}

function emptyNote(kind: string): HTMLElement {
  const what = { directory: "folder", symlink: "symbolic link" }[kind] ?? "link or a device";
  return element("p", {}, `This is a ${what}: it has no content of its own.`);
}

function pointerNote(target: string): HTMLElement {
  return element("p", {}, "It points to ", element("bdi", {}, visibleName(target)), ".");
}

function textParts(what: Shown): HTMLElement[] {
  const { bytes, whole } = what.head;
  const text = decodeText(bytes, whole) ?? "";
  const pretty = whole ? prettyJson(text) : undefined;
  const shown = element(
    "pre",
    { class: "text", tabindex: "0", "aria-label": "Text", dir: "auto" },
    visibleText(pretty ?? text),
  );
  return [...partNote(what, bytes.length), shown];
}

/** JSON with its structure shown; undefined for what is none. */
function prettyJson(text: string): string | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return undefined;
  }
}

function hexParts(what: Shown): HTMLElement[] {
  const part = what.head.bytes.subarray(0, HEX_BYTES);
  const shown = element(
    "pre",
    { class: "hex", tabindex: "0", "aria-label": "Bytes in hexadecimal" },
    formatHex(part),
  );
  return [...partNote(what, part.length), shown];
}

function partNote({ head: { bytes, whole }, readable }: Shown, shown: number): HTMLElement[] {
  if (whole && shown === bytes.length) return [];
  const isUnchecked = !whole && readable.entry?.crc32 !== undefined;
  const checked = isUnchecked ? ", not checked against its checksum, which needs all of it" : "";
  return [element("p", { class: "quiet" }, `The first ${formatBytes(shown)}${checked}.`)];
}

function factList(facts: Facts): HTMLElement {
  const rows = facts.map(([name, value]) =>
    element(
      "div",
      {},
      element("dt", {}, visibleName(name)),
      element("dd", {}, element("bdi", {}, visibleName(value))),
    ),
  );
  return element("dl", { class: "facts" }, ...rows);
}
