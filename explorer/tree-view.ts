import type { Entry } from "range-streams/archive";
import { element, setAttribute } from "./element.ts";
import { contentHeight, rowWindow, type Scrolled, scrollTopFor } from "./row-window.ts";
import { formatBytes, formatDay, visibleName } from "./text.ts";
import type { SortKey, TreeModel, TreeRow } from "./tree-model.ts";

const COLUMNS: readonly (readonly [key: SortKey, label: string])[] = [
  ["name", "Name"],
  ["size", "Size"],
  ["storedSize", "Stored"],
  ["modified", "Modified"],
];
/** As in the stylesheet. */
const ROW_HEIGHT = 30;

/** What the tree tells. */
export interface TreeEvents {
  /** A member, or a folder that is one, was chosen. */
  onChoose(row: TreeRow): void;
  /** The order or what is expanded changed. */
  onChange(): void;
}

/** The members as a grid that draws only the lines in sight. The keys are those of the ARIA pattern for tree grids. */
export class TreeView {
  readonly #root: HTMLElement;
  readonly #head: HTMLElement;
  readonly #body: HTMLElement;
  readonly #events: TreeEvents;
  #model: TreeModel | undefined;
  #active = 0;
  #chosen: Entry | undefined;

  constructor(root: HTMLElement, events: TreeEvents) {
    this.#root = root;
    this.#events = events;
    this.#head = element("div", { role: "row", class: "tree-row tree-head", "aria-rowindex": "1" });
    this.#body = element("div", { role: "rowgroup", class: "tree-body" });
    root.append(element("div", { role: "rowgroup", class: "tree-sticky" }, this.#head), this.#body);
    root.addEventListener("scroll", () => this.#draw(), { passive: true });
    root.addEventListener("keydown", (event) => this.#onKey(event));
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    new ResizeObserver(() => this.#draw()).observe(root);
  }

  /** Shows another archive from its top. */
  show(model: TreeModel): void {
    this.#model = model;
    this.#active = 0;
    this.#chosen = undefined;
    this.#root.scrollTop = 0;
    this.refresh();
  }

  /** Draws anew what the model holds now. */
  refresh(): void {
    this.#active = Math.min(this.#active, Math.max(0, this.#rows.length - 1));
    this.#drawHead();
    this.#draw();
  }

  /** Marks a member as the one that is looked at, and scrolls to it. */
  choose(entry: Entry): void {
    this.#chosen = entry;
    const index = this.#rows.findIndex((row) => this.#isChosen(row));
    if (index !== -1) this.#activate(index);
    else this.#draw();
  }

  /** Several members may bear one name. The line of a folder has no member of its own. */
  #isChosen({ item: { entry, path } }: TreeRow): boolean {
    return entry === undefined ? path === this.#chosen?.name : entry === this.#chosen;
  }

  get #rows(): readonly TreeRow[] {
    return this.#model?.rows ?? [];
  }

  get #scrolled(): Scrolled {
    const viewHeight = Math.max(ROW_HEIGHT, this.#root.clientHeight - ROW_HEIGHT);
    return { count: this.#rows.length, rowHeight: ROW_HEIGHT, viewHeight, scrollTop: this.#root.scrollTop };
  }

  #drawHead(): void {
    const { sort } = this.#model ?? {};
    const focused = this.#head.contains(document.activeElement)
      ? document.activeElement?.textContent
      : undefined;
    this.#head.replaceChildren(
      ...COLUMNS.map(([key, label]) => {
        const order = sort?.descending === true ? "descending" : "ascending";
        const sorted = sort?.key === key ? order : "none";
        const press = element(
          "button",
          { type: "button", "aria-label": `Sort by ${label.toLowerCase()}` },
          label,
        );
        press.addEventListener("click", () => {
          this.#model?.sortBy(key);
          this.#events.onChange();
          this.refresh();
        });
        return element("div", { role: "columnheader", class: `cell-${key}`, "aria-sort": sorted }, press);
      }),
    );
    const pressed = [...this.#head.querySelectorAll("button")].find((each) => each.textContent === focused);
    pressed?.focus();
  }

  #draw(): void {
    const { first, last, top } = rowWindow(this.#scrolled);
    this.#body.style.height = `${contentHeight(this.#rows.length, ROW_HEIGHT)}px`;
    setAttribute(this.#root, "aria-rowcount", String(this.#rows.length + 1));
    const drawn = this.#rows.slice(first, last).map((row, index) => {
      const line = this.#drawRow(row, first + index);
      line.style.transform = `translateY(${top + index * ROW_HEIGHT}px)`;
      return line;
    });
    this.#body.replaceChildren(...drawn);
    const inSight = this.#active >= first && this.#active < last;
    setAttribute(this.#root, "aria-activedescendant", inSight ? `row-${this.#active}` : undefined);
  }

  #drawRow(row: TreeRow, index: number): HTMLElement {
    const isFolder = row.expanded !== undefined;
    const kind = isFolder ? "folder" : (row.item.entry?.kind ?? "file");
    const line = element(
      "div",
      {
        role: "row",
        id: `row-${index}`,
        class: `tree-row${index === this.#active ? " active" : ""}`,
        "aria-level": String(row.level),
        "aria-posinset": String(row.position),
        "aria-setsize": String(row.setSize),
        "aria-rowindex": String(index + 2),
        "aria-expanded": isFolder ? String(row.expanded) : undefined,
        "aria-selected": String(this.#isChosen(row)),
        "data-kind": kind,
      },
      this.#nameCell(row),
      element("div", { role: "gridcell", class: "cell-size" }, formatBytes(row.item.size)),
      element("div", { role: "gridcell", class: "cell-storedSize" }, formatBytes(row.item.storedSize)),
      element("div", { role: "gridcell", class: "cell-modified" }, formatDay(row.item.modified)),
    );
    return line;
  }

  #nameCell(row: TreeRow): HTMLElement {
    const shown = visibleName(row.item.label) || "(no name)";
    const cell = element(
      "div",
      { role: "gridcell", class: "cell-name", title: shown },
      element("bdi", {}, shown),
    );
    cell.style.paddingInlineStart = `${Math.min(row.level - 1, 12) * 14 + 24}px`;
    return cell;
  }

  #activate(index: number): void {
    this.#active = Math.max(0, Math.min(index, this.#rows.length - 1));
    this.#root.scrollTop = scrollTopFor(this.#active, this.#scrolled);
    this.#draw();
  }

  #onClick(event: Event): void {
    const line = event.target instanceof Element ? event.target.closest("[role=row]") : null;
    if (line === null) return;
    this.#activate(Number(line.id.slice("row-".length)));
    this.#press();
  }

  /** Looks at a member, or opens and closes a folder. */
  #press(): void {
    const row = this.#rows[this.#active];
    if (row === undefined) return;
    if (row.expanded !== undefined) this.#expand(row, !row.expanded);
    else this.#events.onChoose(row);
  }

  #expand(row: TreeRow, expanded: boolean): void {
    this.#model?.setExpanded(row.item.path, expanded);
    this.#events.onChange();
    this.refresh();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.#root || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#scrolled.viewHeight / ROW_HEIGHT) - 1);
    const moves: Record<string, number> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) this.#activate(target);
    else if (event.key === "Enter" || event.key === " ") this.#press();
    else if (event.key === "ArrowRight") this.#goIn();
    else if (event.key === "ArrowLeft") this.#goOut();
    else return;
    event.preventDefault();
  }

  #goIn(): void {
    const row = this.#rows[this.#active];
    if (row?.expanded === false) this.#expand(row, true);
    else if (row?.expanded === true) this.#activate(this.#active + 1);
  }

  #goOut(): void {
    const row = this.#rows[this.#active];
    if (row === undefined) return;
    if (row.expanded === true) {
      this.#expand(row, false);
      return;
    }
    let parent = this.#active - 1;
    while (parent >= 0 && (this.#rows[parent]?.level ?? 0) >= row.level) parent -= 1;
    if (parent >= 0) this.#activate(parent);
  }
}
