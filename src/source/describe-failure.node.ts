import { HttpError } from "../errors.ts";
import { ResponseSyntaxError } from "../http/response-parser.ts";
import { isTransientCode, ProxyError } from "./proxy-server.node.ts";
import { PipelineError, StaleConnectionError, type TransportRequest } from "./transport.ts";
import { redactUrl } from "./url.ts";

/** How a request failed of which no response came. */
export interface RequestFailure {
  readonly cause: Error;
  /** The connection had served before, and nothing of this response came. */
  readonly unused: boolean;
  /** The proxy that was to forward it. */
  readonly forwardedBy: string | undefined;
}

export function describeFailure(
  request: TransportRequest,
  { cause, unused, forwardedBy }: RequestFailure,
): HttpError {
  if (cause instanceof ProxyError) return proxyFailure(request, cause);
  const url = redactUrl(request.url);
  const { code = "" } = cause as NodeJS.ErrnoException;
  const asked = `${request.method} ${url}`;
  if (cause instanceof ResponseSyntaxError) {
    const message = `${asked}: got headers that cannot be parsed (${cause.message}); the server or a proxy is broken`;
    return new HttpError("BAD_RESPONSE", message, { url, cause });
  }
  const what = code || cause.message;
  const message =
    forwardedBy === undefined
      ? `${asked}: got no response (${what}); check the network and the host name`
      : `${asked}: got no answer from the proxy ${forwardedBy} (${what}); check that it runs, and its address`;
  const details = { url, retryable: isTransientCode(code), cause };
  return unused && (code === "ECONNRESET" || code === "EPIPE")
    ? new StaleConnectionError("NETWORK", message, details)
    : new HttpError("NETWORK", message, details);
}

/** Of a request that did not get beyond its proxy. */
export function proxyFailure(request: TransportRequest, failure: ProxyError): HttpError {
  const url = redactUrl(request.url);
  const { code, message, advice, status, retryable, cause } = failure;
  const text = `${request.method} ${url}: got ${message}; ${advice}`;
  return new HttpError(code, text, { url, status, retryable, cause: cause ?? failure });
}

/** Of a request behind others, which is then to go by itself. `lost`: why its connection is, where that is all that is wrong. */
export function unheard(request: TransportRequest, lost?: { cause: Error; wasAlive: boolean }): HttpError {
  const url = redactUrl(request.url);
  const message = `${request.method} ${url}: got no response behind others on one connection; ask by itself`;
  const Failure = lost?.wasAlive === false ? StaleConnectionError : PipelineError;
  return new Failure("NETWORK", message, { url, retryable: true, cause: lost?.cause });
}

export function brokenOff(request: TransportRequest, status: number, cause: unknown): HttpError {
  const url = redactUrl(request.url);
  const message = `${request.method} ${url}: got a body that broke off; it may pass`;
  return new HttpError("NETWORK", message, { url, status, retryable: true, cause });
}
