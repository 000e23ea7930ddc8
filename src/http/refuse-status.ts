import type { HttpError } from "../errors.ts";
import type { Expectation, ResponseHead } from "./expectation.ts";
import type { ListAsk, RangeAsk } from "./range-header.ts";
import { changed, refuse } from "./refusal.ts";
import { compareValidators, describeChange, readValidators } from "./validators.ts";

/** The error for a status that is no 206: which code it means depends on whether a file was already pinned. */
export function refuseStatus(expected: Expectation<RangeAsk | ListAsk>, head: ResponseHead): HttpError {
  const { status } = head;
  const inSession = expected.pinned !== undefined && expected.identity !== "ignore";
  if (status === 200) return refuseWhole(expected, head);
  if (status === 401 || status === 403 || status === 407) {
    return refuse(expected, head.status, { code: "AUTH", got: `status ${status}`, advice: challenge(head) });
  }
  if (status === 404 || status === 410) {
    if (inSession) return changed(expected, head.status, `status ${status}`);
    return refuse(expected, head.status, {
      code: "NOT_FOUND",
      got: `status ${status}`,
      advice: "check the URL",
    });
  }
  if (status === 412) return changed(expected, head.status, "status 412 to If-Match");
  if (status === 429)
    return refuse(expected, head.status, {
      code: "RATE_LIMITED",
      got: "status 429",
      advice: "ask less often",
      retryable: true,
    });
  if ([301, 302, 303, 307, 308].includes(status)) {
    const advice = "that redirect cannot be followed";
    return refuse(expected, status, { code: "REDIRECT", got: `status ${status}`, advice });
  }
  if (status < 400)
    return refuse(expected, head.status, {
      code: "BAD_RESPONSE",
      got: `status ${status}`,
      advice: "a range needs a 206",
    });
  return refuse(expected, head.status, {
    code: "HTTP_STATUS",
    got: `status ${status}`,
    advice: statusAdvice(status),
    retryable: isTransient(status),
  });
}

/** Statuses that the same request may outlive: time-outs, overload, and Cloudflare's 520–524 for a failing origin. */
function isTransient(status: number): boolean {
  if (status >= 520 && status <= 524) return true;
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}

function refuseWhole(expected: Expectation<RangeAsk | ListAsk>, head: ResponseHead): HttpError {
  const { pinned } = expected;
  const got = readValidators(head.headers);
  if (pinned !== undefined && expected.identity !== "ignore") {
    if (compareValidators(pinned.validators, got) === "changed") {
      return changed(expected, head.status, `a 200: ${describeChange(pinned.validators, got)}`);
    }
  }
  const type = head.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const hint =
    type === "text/html"
      ? "it is a web page, perhaps a login or error page"
      : "the server ignores ranges here; ifRangesIgnored: 'download' would take the whole file";
  return refuse(expected, head.status, {
    code: "RANGE_IGNORED",
    got: "the whole file (status 200) instead of a part",
    advice: hint,
    // Behind one name stand servers that honour ranges and servers that do not: another try may meet another one.
    retryable: pinned !== undefined,
  });
}

function challenge(head: ResponseHead): string {
  const scheme = head.headers.get("www-authenticate")?.split(" ")[0]?.slice(0, 40);
  return scheme === undefined || scheme === ""
    ? "give credentials with `headers`, or renew a signed URL"
    : `the server wants ${scheme} credentials; give them with \`headers\``;
}

function statusAdvice(status: number): string {
  if (status === 416) return "the server says that range is outside the file";
  if (status === 511) return "a captive portal wants you to log in to the network first";
  return isTransient(status) ? "it may pass; try later" : "the server refuses this request";
}
