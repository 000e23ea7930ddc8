import { RangeStreamsError } from "../errors.ts";

/**
 * Query parameters that carry secrets: cloud storage signatures (AWS, Google, Azure), CloudFront, and the usual names of tokens
 * and keys. Compared in lower case.
 */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set([
  "access_token",
  "api-key",
  "api_key",
  "apikey",
  "auth",
  "authorization",
  "awsaccesskeyid",
  "client_secret",
  "code",
  "credential",
  "googleaccessid",
  "id_token",
  "jwt",
  "key",
  "key-pair-id",
  "passwd",
  "password",
  "policy",
  "refresh_token",
  "secret",
  "se",
  "session",
  "sessionid",
  "sig",
  "sign",
  "signature",
  "sks",
  "skoid",
  "sktid",
  "token",
  "x-amz-credential",
  "x-amz-security-token",
  "x-amz-signature",
  "x-goog-credential",
  "x-goog-signature",
  "x-oss-signature",
]);

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
 * The URL without userinfo, fragment and known secret parameters, for messages, events and receipts. Everything else stays byte
 * for byte.
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
  return SECRET_PARAMETERS.has(decodePercent(name).toLowerCase());
}
