import { Buffer } from "node:buffer";
import { fetchOf as fetchOfFetch } from "./fetch-transport.ts";
import type { Client, DispatchedResponse, Dispatcher } from "./transport.ts";

/** Answers that have no body (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5): `Response` takes none for them, not even an empty one. */
const BODILESS = [204, 205, 304];

/**
 * The function by which a `client` sends, a {@link Dispatcher} included; undefined for what is no client. A dispatcher sends by its own
 * `request`, not as the `dispatcher` of the global fetch: that one is of another version of undici, and of none in Deno and Bun.
 */
export function fetchOf(client: Client): typeof fetch | undefined {
  const fetchLike = fetchOfFetch(client);
  if (fetchLike !== undefined || typeof client !== "object") return fetchLike;
  return isDispatcher(client) ? dispatchingFetch(client) : undefined;
}

function isDispatcher(client: object | null): client is Dispatcher {
  const { dispatch, request } = (client ?? {}) as Partial<Dispatcher>;
  return typeof dispatch === "function" && typeof request === "function";
}

/** As much of fetch as the transport over it asks for: no body to send, and redirects that are not followed. */
function dispatchingFetch(dispatcher: Dispatcher): typeof fetch {
  return async (url, init) => {
    const { origin, pathname, search } = new URL(url as string);
    const answer = await dispatcher.request({
      origin,
      path: pathname + search,
      method: init?.method as "GET",
      headers: init?.headers as Record<string, string>,
      signal: init?.signal as AbortSignal,
    });
    // An answer that is given up before its body is read ends by an error, which nobody is there to hear.
    answer.body.on("error", () => undefined);
    return toResponse(answer, init?.method === "HEAD");
  };
}

async function toResponse(
  { statusCode: status, headers, body }: DispatchedResponse,
  isHead: boolean,
): Promise<Response> {
  const isBodiless = isHead || BODILESS.includes(status);
  if (isBodiless) for await (const _nothing of body);
  return new Response(isBodiless ? null : streamOf(body), { status, headers: fieldsOf(headers) });
}

/** Bytes as they come, no sooner than they are asked for. */
function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) return controller.close();
        // A copy: what lies around it in undici's buffer is of other answers.
        controller.enqueue(new Uint8Array(value));
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** undici reads fields as UTF-8, `Headers` takes a character for each byte. What was no UTF-8 is lost: then there is no such field. */
function fieldsOf(headers: DispatchedResponse["headers"]): Headers {
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    const values = typeof value === "string" ? [value] : (value ?? []);
    if (values.some((each) => each.includes("\uFFFD"))) continue;
    for (const each of values) fields.append(name, Buffer.from(each).toString("latin1"));
  }
  return fields;
}
