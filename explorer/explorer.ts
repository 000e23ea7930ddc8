import {
  HttpError,
  isRangeStreamsError,
  type OpenOptions,
  relayClient,
  type SourceEvent,
} from "range-streams";
import type { Entry } from "range-streams/archive";
import type { ExplorerConfig } from "./config.ts";
import { showLog, showReceipt } from "./cost-view.ts";
import { formatDeepLink } from "./deep-link.ts";
import { button, byId, element } from "./element.ts";
import { explainFailure, formatError } from "./failure.ts";
import { showFailure } from "./failure-view.ts";
import { MapPanel } from "./map-view.ts";
import { OpenedFile } from "./opened-file.ts";
import { PreviewView } from "./preview-view.ts";
import { readableEntry, readableSource } from "./readable.ts";
import { RequestLog } from "./request-log.ts";
import { baseName, formatBytes, formatPlural, visibleName } from "./text.ts";
import { TreeModel, type TreeRow } from "./tree-model.ts";
import { TreeView } from "./tree-view.ts";

/** What a server without ranges may send at most, where somebody asked for all of it. */
const MAX_DOWNLOAD_BYTES = 1024 ** 3;

/** What people want to look into. */
export interface Wanted {
  /** An http(s) URL, or a file of this device. */
  readonly input: string | Blob;
  readonly name: string;
  /** Names of members to go on to, each inside the one before. */
  readonly path: readonly string[];
  /** Take all of it where the server gives no parts. */
  readonly whole?: boolean | undefined;
}

/** The page: what is open, and the views of it. */
export class Explorer {
  readonly #config: ExplorerConfig;
  readonly #status: HTMLElement = byId("status", HTMLElement);
  readonly #failure: HTMLElement = byId("failure", HTMLElement);
  readonly #welcome: HTMLElement = byId("welcome", HTMLElement);
  readonly #workbench: HTMLElement = byId("workbench", HTMLElement);
  readonly #levels: HTMLElement = byId("levels", HTMLElement);
  readonly #count: HTMLElement = byId("tree-count", HTMLElement);
  readonly #search: HTMLInputElement = byId("search", HTMLInputElement);
  readonly #map: MapPanel;
  readonly #tree: TreeView;
  readonly #preview: PreviewView;
  #model: TreeModel | undefined;
  #file: OpenedFile | undefined;
  #log: RequestLog | undefined;
  #wanted: Wanted | undefined;
  #chosen: Entry | undefined;
  #stopping = new AbortController();
  #entering = new AbortController();
  #frame = 0;

  constructor(config: ExplorerConfig) {
    this.#config = config;
    this.#map = new MapPanel((entry) => this.#chooseEntry(entry));
    this.#tree = new TreeView(byId("tree", HTMLElement), {
      onChoose: ({ item }: TreeRow) => {
        if (item.entry !== undefined) this.#chooseEntry(item.entry);
      },
      onChange: () => this.#showCount(),
    });
    this.#preview = new PreviewView(byId("preview", HTMLElement), {
      onOpenArchive: ({ entry }) => {
        if (entry !== undefined) void this.#enter(entry).then(() => this.#keepFocus());
      },
      onStatus: (text) => this.#say(text),
    });
    this.#search.addEventListener("input", () => {
      this.#model?.search(this.#search.value);
      this.#tree.refresh();
      this.#showCount();
    });
  }

  /** Opens another file in the place of the one before. Never rejects: what goes wrong is told on the page. */
  async open(wanted: Wanted): Promise<void> {
    this.#stopping.abort(new DOMException("Another file is opened", "AbortError"));
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    await this.#leave();
    this.#wanted = wanted;
    this.#failure.hidden = true;
    // Not every browser takes the focus from a button that is merely hidden.
    this.#failure.replaceChildren();
    byId("notice", HTMLElement).hidden = true;
    this.#welcome.hidden = true;
    this.#workbench.hidden = true;
    this.#say(`Opening ${visibleName(wanted.name)}…`);
    try {
      const file = await this.#openByAnyWay(wanted, signal);
      if (signal.aborted) {
        await file.close();
        return;
      }
      this.#file = file;
      await this.#showFile(file, wanted, signal);
    } catch (error) {
      if (!signal.aborted) await this.#fail(error, wanted, signal);
    }
  }

  /** Straight from its server; where that lets no page read it and there is a relay, through that. */
  async #openByAnyWay(wanted: Wanted, signal: AbortSignal): Promise<OpenedFile> {
    const { input, name } = wanted;
    const log = new RequestLog(() => this.#touch());
    this.#log = log;
    const options: OpenOptions = {
      client: tellingSilence(log.fetch, name),
      signal,
      onEvent: (event) => this.#onEvent(event),
      ...(wanted.whole === true ? { ifRangesIgnored: "download", maxDownloadBytes: MAX_DOWNLOAD_BYTES } : {}),
    };
    const { relay } = this.#config;
    if (typeof input !== "string" || relay === undefined || isOwn(input))
      return await OpenedFile.open({ input, name, options });
    try {
      return await OpenedFile.open({ input, name, options });
    } catch (error) {
      if (signal.aborted || !isRangeStreamsError(error, "NETWORK")) throw error;
      this.#say("The server lets no page read it: trying the relay…");
      return await OpenedFile.open({
        input,
        name,
        options: { ...options, client: relayClient(relay, log.fetch) },
      });
    }
  }

  async #fail(error: unknown, wanted: Wanted, signal: AbortSignal): Promise<void> {
    const url = typeof wanted.input === "string" ? wanted.input : "";
    this.#say("Finding out what is wrong…");
    const failure = await explainFailure(error, { url, whole: wanted.whole }, signal);
    if (signal.aborted) return;
    this.#say("");
    showFailure(this.#failure, failure, () => {
      void this.open({ ...wanted, whole: true }).then(() => this.#keepFocus());
    });
  }

  async #showFile(file: OpenedFile, wanted: Wanted, signal: AbortSignal): Promise<void> {
    this.#workbench.hidden = false;
    document.title = `${visibleName(baseName(file.name))} – range-streams explorer`;
    this.#map.show(file.source);
    this.#showLevel();
    const { requests, bytesReceived } = file.source.receipt;
    const { archive } = file.innermost;
    const found =
      archive === undefined
        ? "a file"
        : `${archive.format}, ${formatPlural(archive.entries.length, "member")}`;
    this.#say(`Opened: ${found}, by ${formatPlural(requests, "request")} and ${formatBytes(bytesReceived)}`);
    await this.#goTo(wanted.path, signal);
  }

  /** Follows a link to a member. What is not there, or cannot be opened, is told, and the way up to it stays. */
  async #goTo(path: readonly string[], signal: AbortSignal): Promise<void> {
    for (const [depth, name] of path.entries()) {
      const entries = this.#file?.innermost.archive?.entries ?? [];
      const entry = entries.find((each) => each.name === name);
      if (entry === undefined) {
        this.#say(`There is no member ${visibleName(name)}`);
        return;
      }
      if (depth === path.length - 1) this.#chooseEntry(entry);
      else if (!(await this.#enter(entry))) return;
      if (signal.aborted) return;
    }
  }

  /** Shows the innermost archive, or the file where it is none. */
  #showLevel(): void {
    const file = this.#file;
    if (file === undefined) return;
    const { archive, source, notice } = file.innermost;
    const treeCard = byId("tree", HTMLElement).closest<HTMLElement>(".tree-card");
    if (treeCard !== null) treeCard.hidden = archive === undefined;
    this.#workbench.classList.toggle("single", archive === undefined);
    this.#chosen = undefined;
    this.#search.value = "";
    this.#model = archive === undefined ? undefined : new TreeModel(archive.entries);
    if (this.#model !== undefined) this.#tree.show(this.#model);
    this.#showCount();
    this.#showTrail(file);
    if (archive === undefined) void this.#preview.show({ ...readableSource(source), name: file.name });
    else this.#preview.clear();
    const told = byId("notice", HTMLElement);
    told.hidden = notice === undefined;
    told.textContent =
      notice === undefined ? "" : `It looks like an archive, but none that can be read. ${notice}`;
    this.#mapSegments(file);
    this.#link();
    this.#touch();
  }

  /** After what was opened is seen: the map of many members takes a while. */
  #mapSegments(file: OpenedFile): void {
    const { signal } = this.#stopping;
    const segments = new Promise((seen) => setTimeout(seen)).then(() => file.segments(signal));
    segments.then(
      (known) => {
        if (this.#file === file) this.#map.setSegments(known, file.innermost.archive === undefined);
      },
      (error: unknown) => {
        if (this.#file === file) this.#say(`The map is not known: ${formatError(error)}`);
      },
    );
  }

  #showTrail(file: OpenedFile): void {
    const last = file.levels.length - 1;
    const items = file.levels.map(({ name }, depth) => {
      const label = element("bdi", {}, visibleName(baseName(name)) || "(no name)");
      if (depth === last) return element("li", { "aria-current": "location" }, label);
      const press = button("", () => void this.#leaveTo(depth));
      press.append(label);
      return element("li", {}, press);
    });
    this.#levels.replaceChildren(element("ol", {}, ...items));
  }

  #chooseEntry(entry: Entry): void {
    const file = this.#file;
    const { archive } = file?.innermost ?? {};
    const entries: readonly Entry[] = archive?.entries ?? [];
    if (file === undefined || archive === undefined || !entries.includes(entry)) return;
    this.#chosen = entry;
    this.#model?.reveal(entry.name);
    this.#tree.refresh();
    this.#tree.choose(entry);
    this.#link();
    const shown = this.#preview.show(readableEntry(entry, !archive.format.startsWith("tar.")));
    void shown.then(() => this.#markPlace(file, entry));
  }

  /** After it was shown, when its header is held: the frame costs nothing then. */
  async #markPlace(file: OpenedFile, entry: Entry): Promise<void> {
    try {
      const place = await file.placeInFile(entry, this.#stopping.signal);
      if (this.#file === file && this.#chosen === entry) this.#map.mark(place);
    } catch {
      // What is wrong with the member is told where it is shown.
      this.#map.mark(undefined);
    }
  }

  /** Whether it was opened. What goes wrong is told. */
  async #enter(entry: Entry): Promise<boolean> {
    const file = this.#file;
    if (file === undefined) return false;
    const signal = this.#enterAnew();
    this.#say(`Opening ${visibleName(entry.name)}…`);
    try {
      const { archive } = await file.enter(entry, signal);
      this.#showLevel();
      this.#say(`Opened ${visibleName(entry.name)}: ${formatPlural(archive?.entries.length ?? 0, "member")}`);
      return true;
    } catch (error) {
      if (!signal.aborted) this.#say(`It could not be opened: ${formatError(error)}`);
      return false;
    }
  }

  /** One archive at a time: another step in or out, or another file, ends the one that is on its way. */
  #enterAnew(): AbortSignal {
    this.#entering.abort(new DOMException("Something else is opened", "AbortError"));
    this.#entering = new AbortController();
    return AbortSignal.any([this.#entering.signal, this.#stopping.signal]);
  }

  async #leaveTo(depth: number): Promise<void> {
    this.#enterAnew();
    await this.#file?.leaveTo(depth);
    this.#map.mark(undefined);
    this.#showLevel();
    this.#keepFocus();
  }

  /** Where the button is gone that was pressed, the keyboard goes on in the members; where there are none, in the content. */
  #keepFocus(): void {
    if (document.activeElement !== document.body) return;
    byId("content", HTMLElement).focus();
    // Where it is hidden, this does nothing.
    byId("tree", HTMLElement).focus();
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#preview.clear();
    await file?.close();
  }

  #showCount(): void {
    const total = this.#file?.innermost.archive?.entries.length ?? 0;
    const shown = this.#model?.matchCount ?? 0;
    this.#count.textContent =
      shown === total
        ? formatPlural(total, "member")
        : `${formatPlural(shown, "match")} of ${formatPlural(total, "member")}`.replace("matchs", "matches");
  }

  /** The address bar says where one is, so that it can be sent to somebody. */
  #link(): void {
    const wanted = this.#wanted;
    if (wanted === undefined || typeof wanted.input !== "string" || wanted.input === ownFile(this.#config))
      return;
    const inside = (this.#file?.levels ?? []).slice(1).map(({ name }) => name);
    const path = this.#chosen === undefined ? inside : [...inside, this.#chosen.name];
    const link = formatDeepLink({ url: wanted.input, path });
    history.replaceState(null, "", link ?? location.pathname);
  }

  #onEvent(event: SourceEvent): void {
    if (event.type === "span" && event.state === "held") this.#map.glow(event.range.start, event.range.end);
    this.#touch();
  }

  /** Draws what it cost at the next frame, however much happened. */
  #touch(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const { source } = this.#file ?? {};
      if (source === undefined || this.#log === undefined) return;
      this.#map.draw();
      showReceipt(byId("receipt", HTMLElement), source, this.#log);
      showLog(byId("log", HTMLElement), this.#log);
    });
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }
}

/** The file that the page's own server gives: its address holds for this run alone. */
export function ownFile({ file }: ExplorerConfig): string | undefined {
  return file === undefined ? undefined : new URL(file, document.baseURI).href;
}

/** A server that has not answered once is not asked again and again: what is wrong is told at once. */
function tellingSilence(client: typeof fetch, name: string): typeof fetch {
  let answered = false;
  return async (input, init) => {
    try {
      const response = await client(input, init);
      answered = true;
      return response;
    } catch (cause) {
      if (answered || init?.signal?.aborted === true) throw cause;
      const message = `Asked for ${name}: got no answer (${String(cause)})`;
      throw new HttpError("NETWORK", message, { url: "", retryable: false, cause });
    }
  };
}

function isOwn(url: string): boolean {
  return new URL(url).origin === location.origin;
}
