import { HttpError } from "../errors.ts";
import type { FetchClient } from "../source/transport.ts";
import { redactUrl } from "../source/url.ts";
import { ERROR_FIELD, type ToldError } from "./relay-answer.ts";

/** What of a request a relay takes. */
const TAKEN: readonly string[] = ["range", "if-match", "if-range"];

/**
 * A `client` for `openSource` in a page, by which every request goes through a relay: for servers that send no CORS headers. A range is one
 * request to the relay, and a preflight before the first of some forms. Headers and credentials of the caller do not go along.
 *
 * What it gives back rejects with BLOCKED_ADDRESS, LIMIT, INVALID_ARGUMENT and the other codes of `startRelay` as they are, and with whatever
 * `client` rejects with.
 *
 * @param relay The `url` of what `startRelay` gave.
 * @param client What asks the relay itself. Default: the platform's fetch.
 */
export function relayClient(relay: string | URL, client: FetchClient = globalThis.fetch): typeof fetch {
  const fetchLike = typeof client === "function" ? client : client.fetch.bind(client);
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const through = new URL(relay);
    through.searchParams.set("url", url);
    const headers = new Headers(init?.headers);
    for (const name of [...headers.keys()]) if (!TAKEN.includes(name)) headers.delete(name);
    const response = await fetchLike(through.href, {
      headers,
      signal: init?.signal ?? null,
      credentials: "omit",
      redirect: "error",
    });
    // A quota of the relay is a 429 like any other: it says when to come back.
    if (response.headers.has(ERROR_FIELD) && response.status !== 429) throw await toldError(response, url);
    // Made anew, without the relay's own URL, so that it is taken for an answer of the server's that nothing hides.
    return new Response(response.body, { status: response.status, headers: response.headers });
  };
}

async function toldError(response: Response, target: string): Promise<HttpError> {
  const url = redactUrl(target);
  // Read by `body`, as every other answer is: a client that watches bodies may have put another one there.
  const { code, message, retryable }: ToldError = await new Response(response.body).json();
  return new HttpError(code, message, { url, status: response.status, retryable });
}
