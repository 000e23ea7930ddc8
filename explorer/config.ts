/** What the server of the page tells it. A page that is hosted as plain files tells nothing. */
export interface ExplorerConfig {
  /** A file to open at once, relative to the page. */
  readonly file?: string | undefined;
  /** Where the relay of `explore --proxy` is, for files whose servers let no page read them. */
  readonly relay?: string | undefined;
}

/** Asks for `config.json` beside the page. Whatever is wrong with it, there is no configuration. */
export async function loadConfig(): Promise<ExplorerConfig> {
  try {
    const response = await fetch(new URL("config.json", document.baseURI), { cache: "no-store" });
    const said: unknown = response.ok ? await response.json() : {};
    const { file, relay } = (typeof said === "object" && said !== null ? said : {}) as Record<
      string,
      unknown
    >;
    return {
      file: typeof file === "string" ? file : undefined,
      relay: typeof relay === "string" ? relay : undefined,
    };
  } catch {
    return {};
  }
}
