/** What a link to this page says: which file, and where in it. */
export interface DeepLink {
  /** Undefined where the link names no file. */
  readonly url: string | undefined;
  /** Names of members, each inside the one before: an archive in an archive takes two. */
  readonly path: readonly string[];
}

/** Reads `?url=…&path=…`; `path` may come several times. */
export function parseDeepLink(search: string): DeepLink {
  const fields = new URLSearchParams(search);
  return { url: fields.get("url") || undefined, path: fields.getAll("path") };
}

/** The same as text, for the address bar. Undefined for a URL with a password in it: that is not to stand there. */
export function formatDeepLink({ url, path }: DeepLink): string | undefined {
  if (url === undefined || hasCredentials(url)) return undefined;
  const fields = new URLSearchParams({ url });
  for (const name of path) fields.append("path", name);
  return `?${fields}`;
}

function hasCredentials(url: string): boolean {
  try {
    const { username, password } = new URL(url);
    return username !== "" || password !== "";
  } catch {
    return false;
  }
}

/**
 * What was pasted, as an absolute http(s) URL; `https://` is added where a host stands alone. With a `base`, as in a link, it may be
 * relative to that. Undefined for anything else: no other scheme is ever opened.
 */
export function resolveUrl(text: string, base?: string): string | undefined {
  const trimmed = text.trim();
  const isHost = /^[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?\//i.test(trimmed);
  try {
    const url = new URL(isHost ? `https://${trimmed}` : trimmed, base);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}
