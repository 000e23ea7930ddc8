/** What an element may hold: text goes in as text, never as markup. */
export type Child = Node | string;

/** The attributes that are set here: none that runs code, loads anything or holds style. */
export type AttributeName =
  | "class"
  | "id"
  | "role"
  | "type"
  | "for"
  | "scope"
  | "tabindex"
  | "title"
  | "alt"
  | "download"
  | "dir"
  | "hidden"
  | `aria-${string}`
  | `data-${string}`;

/** Attributes by name; undefined leaves one out. */
export type Attributes = { readonly [Name in AttributeName]?: string | undefined };

/** An element with attributes and children. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** A button that does something when it is pressed. */
export function button(label: string, onPress: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onPress);
  return made;
}

/** The element of the page with this id. A page without it is another page: an error of ours. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} with the id ${id}`);
}

/** Sets an attribute only where it differs, so that nothing is announced anew. */
export function setAttribute(target: Element, name: AttributeName, value: string | undefined): void {
  if (value === undefined) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}
