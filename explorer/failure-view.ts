import { button, element } from "./element.ts";
import type { Failure } from "./failure.ts";
import { visibleName } from "./text.ts";

/** Says what went wrong, what the doctor found, and what can be done. */
export function showFailure(root: HTMLElement, failure: Failure, onDownload: () => void): void {
  const { title, explanation, findings, detail, mayDownload } = failure;
  root.replaceChildren(
    element("h2", { tabindex: "-1" }, title),
    ...(explanation === "" ? [] : [element("p", {}, explanation)]),
    ...findings.map(({ what, cost, remedy }) =>
      element(
        "div",
        { class: "finding" },
        element("p", {}, element("b", {}, visibleName(what))),
        element("p", {}, `What it costs: ${visibleName(cost)}`),
        element("p", {}, `What mends it: ${visibleName(remedy)}`),
      ),
    ),
    ...(mayDownload
      ? [button("Take the whole file and look into it", onDownload, { class: "primary" })]
      : []),
    element("p", { class: "quiet detail" }, detail),
  );
  root.hidden = false;
  root.querySelector("h2")?.focus();
}
