import { redactUrl } from "../node.ts";

/** Longer ones are not shown at all: nobody reads them, and the work is bounded. */
const MAX_SHOWN = 2048;

/**
 * What was typed where a URL or a path belongs, for a message: a mistyped URL may hold a password and tokens, so what is before an `@`,
 * but for a scheme and its slashes, and what is behind a `?` or `#` is left out.
 */
export function hideSecrets(text: string): string {
  if (text.length > MAX_SHOWN) return `a text of ${text.length} characters`;
  const end = text.search(/[?#]/);
  const path = end === -1 ? text : text.slice(0, end);
  const at = path.lastIndexOf("@");
  // `user:` without a slash behind is no scheme, but half of a credential.
  const head = /^(?:[a-z][a-z0-9+.-]*:)?[/\\]+/i.exec(path)?.[0] ?? "";
  const shown = at === -1 ? path : `${head}…${path.slice(at)}`;
  return end === -1 ? shown : `${shown}${text[end]}…`;
}

/** Whether a whole URL had better not be printed: what {@link redactUrl} takes away of it is secret, or may be. */
export function mayHoldSecrets(url: URL): boolean {
  return redactUrl(url) !== url.href;
}
