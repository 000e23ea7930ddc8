import { RangeStreamsError } from "../errors.ts";

/**
 * Names of query parameters that carry secrets, in lower case: signatures of cloud storage (AWS, Google, Azure) and CloudFront, tokens,
 * keys, passwords. A tell-tale word counts where it ends as a word; the short ones also have to begin as one, as in `api_key` but not in `monkey`.
 */
const SECRET_NAME =
  /^(code|policy|se|sk(s|oid|tid))$|(token|secret|passw(or)?d|passphrase|signature|credential|access_?id|hmac|jwt|session|(^|[^a-z])(pass|pwd|sign?|bearer|ticket|cred|o?auth(orization)?|([a-z]*(access|api|auth|secret|private|sign|user))?key))(s|id)?(?![a-z])/;

/** An http(s) URL taken apart: what is sent, and what must never be shown. */
export interface HttpTarget {
  /** Without userinfo and fragment; path and query byte for byte as given, since signatures cover them. */
  readonly url: string;
  readonly origin: string;
  /** `Basic …` where the URL held userinfo. */
  readonly authorization: string | undefined;
}

/**
 * Takes apart an http(s) URL.
 *
 * @throws INVALID_ARGUMENT for what is no absolute http(s) URL.
 */
export function parseHttpUrl(input: string | URL): HttpTarget {
  const parsed = parseUrl(input);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    const advice =
      parsed.protocol === "file:" ? "use openFileSource of 'range-streams/node'" : "use http: or https:";
    throw new RangeStreamsError(
      "INVALID_ARGUMENT",
      `Asked to open a ${parsed.protocol} URL: not read here; ${advice}`,
    );
  }
  const authorization = basicAuthorization(parsed);
  parsed.username = "";
  parsed.password = "";
  parsed.hash = "";
  return { url: parsed.href, origin: parsed.origin, authorization };
}

function parseUrl(input: string | URL): URL {
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  try {
    return new URL(input, base === "about:blank" ? undefined : base);
  } catch {
    // The text is not echoed: a mistyped URL may hold a password.
    const advice =
      "give an absolute http: or https: URL, or a file by openFileSource of 'range-streams/node'";
    throw new RangeStreamsError("INVALID_ARGUMENT", `Asked to open what is not a URL; ${advice}`);
  }
}

function basicAuthorization(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const pair = `${decodePercent(url.username)}:${decodePercent(url.password)}`;
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(pair)))}`;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * An absolute URL without what may be secret in it, fit for a log: no userinfo, no fragment, no query parameter with a name as secrets have
 * (`X-Amz-Signature`, `auth_token`, `apiKey`). Everything else stays byte for byte. Text that is no URL is not echoed. Sends nothing.
 */
export function redactUrl(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return "(not a URL)";
  }
  parsed.username = "";
  parsed.password = "";
  parsed.hash = "";
  const kept = parsed.search
    .slice(1)
    .split("&")
    .filter((pair) => !isSecret(pair));
  parsed.search = kept.join("&");
  return parsed.href;
}

function isSecret(pair: string): boolean {
  const name = pair.split("=", 1)[0] ?? "";
  // `accessToken` is two words.
  return SECRET_NAME.test(
    decodePercent(name)
      .replace(/[a-z](?=[A-Z])/g, "$&_")
      .toLowerCase(),
  );
}
