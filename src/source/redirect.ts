import { HttpError, isRangeStreamsError } from "../errors.ts";
import { parseHttpUrl, redactUrl } from "./url.ts";

/** What of an answer decides where it leads. */
export interface RedirectAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/** Statuses that lead elsewhere with the same GET (RFC 9110 section 15.4). */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * The URL that a redirect leads to, without fragment.
 *
 * @throws BAD_RESPONSE without a Location; REDIRECT for a target that is no http(s) URL, and from https: to http:.
 */
export function redirectTarget(from: string, answer: RedirectAnswer): string {
  const location = answer.headers.get("location");
  if (location === null || location.trim() === "") {
    const url = redactUrl(from);
    const message = `GET ${url}: got status ${answer.status} without a Location; the server is broken`;
    throw new HttpError("BAD_RESPONSE", message, { url, status: answer.status });
  }
  const next = parseTarget(from, location);
  if (from.startsWith("https:") && next.startsWith("http:")) {
    throw redirectError(
      from,
      "a redirect from https: to http:",
      "open the http: URL itself if that is meant",
    );
  }
  return next;
}

function parseTarget(from: string, location: string): string {
  try {
    return parseHttpUrl(new URL(readUtf8(location), from)).url;
  } catch (cause) {
    if (!(cause instanceof TypeError) && !isRangeStreamsError(cause, "INVALID_ARGUMENT")) throw cause;
    throw redirectError(from, "a redirect to what is no http(s) URL", "it is not followed");
  }
}

/**
 * A field's value holds bytes. Those of a Location should be ASCII; servers that send others mostly mean UTF-8, and browsers take
 * them for that.
 */
function readUtf8(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\x00-\xff]/.test(value)) return value;
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return value;
  }
}

/** The error of a redirect that is not followed. */
export function redirectError(from: string, got: string, advice: string): HttpError {
  const url = redactUrl(from);
  return new HttpError("REDIRECT", `GET ${url}: got ${got}; ${advice}`, { url });
}
