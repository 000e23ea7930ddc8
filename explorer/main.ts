import { loadConfig } from "./config.ts";
import { parseDeepLink, resolveUrl } from "./deep-link.ts";
import { byId } from "./element.ts";
import { Explorer, ownFile } from "./explorer.ts";
import { baseName } from "./text.ts";

const field = byId("url", HTMLInputElement);
const chosenFile = byId("file", HTMLInputElement);
const dropZone = byId("drop", HTMLElement);

// Not waited for before the listeners are there: who is quick must not press into nothing.
const configured = loadConfig();
const opened = configured.then((config) => new Explorer(config));

async function openUrl(text: string, path: readonly string[] = [], base?: string): Promise<void> {
  const url = resolveUrl(text, base);
  if (url === undefined || text.trim() === "") {
    field.setCustomValidity("Give an address that begins with https:// or http://");
    field.reportValidity();
    return;
  }
  field.value = url;
  const name = baseName(new URL(url).pathname) || new URL(url).host;
  await (await opened).open({ input: url, name: decodeName(name), path });
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

async function openFile(file: File): Promise<void> {
  field.value = "";
  history.replaceState(null, "", location.pathname);
  await (await opened).open({ input: file, name: file.name, path: [] });
}

field.addEventListener("input", () => field.setCustomValidity(""));
byId("open", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void openUrl(field.value);
});
byId("choose", HTMLButtonElement).addEventListener("click", () => chosenFile.click());
chosenFile.addEventListener("change", () => {
  const [file] = chosenFile.files ?? [];
  if (file !== undefined) void openFile(file);
  // So that the same file can be chosen again.
  chosenFile.value = "";
});

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  dropZone.hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) dropZone.hidden = true;
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  dropZone.hidden = true;
  const [file] = event.dataTransfer?.files ?? [];
  if (file !== undefined) void openFile(file);
});

const link = parseDeepLink(location.search);
const own = ownFile(await configured);
if (link.url !== undefined) await openUrl(link.url, link.path, location.href);
else if (own !== undefined) await openUrl(own);
