import { failedPrecondition, type HeaderRecord, ifRangeHolds } from "./preconditions.ts";
import { contentRangeOf, isReversed, parseRangeField, placeSpec, type Span } from "./range-field.ts";
import type { ServedFile } from "./served-file.ts";

/** Literal bytes, or a span of the file that is being served. */
export type BodyPart = Uint8Array | Span;

/** An answer as data: nothing has been sent yet. */
export interface Answer {
  /** The status code. */
  status: number;
  /** In sending order; a name may occur twice. */
  headers: [name: string, value: string][];
  /** In sending order. */
  body: BodyPart[];
  /** What a single 206 holds, half-open; undefined for any other answer. */
  span: Span | undefined;
}

/** What is asked, reduced to what an answer depends on. */
export interface AskedRequest {
  /** `GET` or `HEAD`, else a 405. */
  method: string;
  /** By lower-case name. */
  headers: HeaderRecord;
}

/**
 * Where servers may differ. `rfc9110`: a malformed or reversed range is ignored, a list is answered in full. `nginx`: as
 * nginx 1.22 does: malformed and reversed ranges are 416, a list whose sum exceeds the file is a 200, a ranged HEAD is
 * answered 206, a 206 bears no Accept-Ranges and a 416 no validator.
 */
export type ServerProfile = "rfc9110" | "nginx";

/** The rules of one server. */
export interface AnswerRules {
  profile: ServerProfile;
  /** Ranges of one request that are served as such; more are answered 200, and 0 turns ranges off. */
  maxRanges: number;
  /** Milliseconds since 1970. */
  now: number;
}

/** What RFC 9110 section 14 and 13 answer to a GET or HEAD for `file`; undefined is a file that does not exist. */
export function honestAnswer(asked: AskedRequest, file: ServedFile | undefined, rules: AnswerRules): Answer {
  if (asked.method !== "GET" && asked.method !== "HEAD") {
    return textAnswer(405, "Only GET and HEAD are allowed here\n", [["Allow", "GET, HEAD, OPTIONS"]]);
  }
  if (file === undefined) return forMethod(textAnswer(404, "There is no such file\n"), asked.method);
  const failed = failedPrecondition(asked.headers, file);
  if (failed === 304) return { status: 304, headers: validatorsOf(file), body: [], span: undefined };
  if (failed === 412) return forMethod(textAnswer(412, "", validatorsOf(file)), asked.method);
  return forMethod(rangedAnswer(asked, file, rules), asked.method);
}

/** A small answer in plain text. */
export function textAnswer(status: number, text: string, headers: [string, string][] = []): Answer {
  const bytes = new TextEncoder().encode(text);
  const type: [string, string][] = bytes.length === 0 ? [] : [["Content-Type", "text/plain; charset=utf-8"]];
  return {
    status,
    headers: [...headers, ...type, ["Content-Length", String(bytes.length)]],
    body: [bytes],
    span: undefined,
  };
}

/** Bytes of one part of a body. */
export function partLength(part: BodyPart): number {
  return part instanceof Uint8Array ? part.length : part.end - part.start;
}

function forMethod(answer: Answer, method: string): Answer {
  return method === "HEAD" ? { ...answer, body: [] } : answer;
}

function rangedAnswer(asked: AskedRequest, file: ServedFile, rules: AnswerRules): Answer {
  const field = asked.headers["range"];
  const served = asked.method === "GET" || rules.profile === "nginx";
  if (field === undefined || !served || rules.maxRanges === 0) return wholeAnswer(file, rules);
  if (!ifRangeHolds(asked.headers, file, rules.now)) return wholeAnswer(file, rules);
  const spans = rules.profile === "nginx" ? nginxSpans(field, file.size) : rfcSpans(field, file.size);
  if (spans === "ignore" || spans.length > rules.maxRanges) return wholeAnswer(file, rules);
  if (rules.profile === "nginx" && sumOf(spans) > file.size) return wholeAnswer(file, rules);
  const [span] = spans;
  if (span === undefined) {
    const validators = rules.profile === "nginx" ? [] : validatorsOf(file);
    return textAnswer(416, "", [["Content-Range", `bytes */${file.size}`], ...validators]);
  }
  return spans.length === 1 ? partialAnswer(span, file, rules) : multipartAnswer(spans, file, rules.profile);
}

function rfcSpans(field: string, size: number): Span[] | "ignore" {
  const specs = parseRangeField(field);
  if (specs === undefined || specs === "malformed" || specs.some(isReversed)) return "ignore";
  // A suffix of nothing is satisfiable by section 14.1.1, but no Content-Range can say so.
  if (size === 0 && specs.some((spec) => "suffix" in spec && spec.suffix > 0)) return "ignore";
  return specs.map((spec) => placeSpec(spec, size)).filter((span) => span.start < span.end);
}

// Observed of nginx 1.22 and compared with it in test/servers/: what it cannot parse is a 416, and one range that comes
// to nothing at position 0 turns the whole answer into a 200.
const NGINX_LARGEST = 2 ** 63;

function nginxSpans(field: string, size: number): Span[] | "ignore" {
  const specs = parseRangeField(field);
  if (specs === undefined) return "ignore";
  if (specs === "malformed") return [];
  const numbers = specs.flatMap((spec) => ("suffix" in spec ? [spec.suffix] : [spec.first, spec.last ?? 0]));
  if (numbers.some((number) => number > NGINX_LARGEST)) return [];
  const placed = specs.map((spec) => placeSpec(spec, size));
  if (placed.some((span) => span.start === 0 && span.end === 0)) return "ignore";
  return placed.filter((span) => span.start < span.end);
}

function sumOf(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.end - span.start, 0);
}

function wholeAnswer(file: ServedFile, rules: AnswerRules): Answer {
  const headers: [string, string][] = [
    ["Content-Type", file.contentType],
    ["Content-Length", String(file.size)],
    ...validatorsOf(file),
  ];
  if (rules.maxRanges > 0) headers.push(["Accept-Ranges", "bytes"]);
  return {
    status: 200,
    headers: [...headers, ...Object.entries(file.headers)],
    body: [{ start: 0, end: file.size }],
    span: undefined,
  };
}

function partialAnswer(span: Span, file: ServedFile, rules: AnswerRules): Answer {
  return {
    status: 206,
    headers: [
      ["Content-Type", file.contentType],
      ["Content-Length", String(span.end - span.start)],
      ["Content-Range", contentRangeOf(span, file.size)],
      ...commonPartial(file, rules.profile),
    ],
    body: [span],
    span,
  };
}

function commonPartial(file: ServedFile, profile: ServerProfile): [string, string][] {
  const accept: [string, string][] = profile === "nginx" ? [] : [["Accept-Ranges", "bytes"]];
  return [...validatorsOf(file), ...accept, ...Object.entries(file.headers)];
}

/** A 206 of several parts (RFC 9110 section 14.6), in the order asked. */
export function multipartAnswer(
  spans: readonly Span[],
  file: ServedFile,
  profile: ServerProfile = "rfc9110",
): Answer {
  // Long and odd enough not to occur in a file by chance; a client must go by lengths anyway.
  const boundary = `range-streams-${file.size.toString(36)}-${spans.length}-7Vb2QxMd`;
  const encoder = new TextEncoder();
  const body: BodyPart[] = [];
  for (const span of spans) {
    const head = `--${boundary}\r\nContent-Type: ${file.contentType}\r\nContent-Range: ${contentRangeOf(span, file.size)}\r\n\r\n`;
    body.push(encoder.encode(body.length === 0 ? head : `\r\n${head}`), span);
  }
  body.push(encoder.encode(`\r\n--${boundary}--\r\n`));
  const length = body.reduce((sum, part) => sum + partLength(part), 0);
  return {
    status: 206,
    headers: [
      ["Content-Type", `multipart/byteranges; boundary=${boundary}`],
      ["Content-Length", String(length)],
      ...commonPartial(file, profile),
    ],
    body,
    span: undefined,
  };
}

function validatorsOf(file: ServedFile): [string, string][] {
  const headers: [string, string][] = [];
  if (file.etag !== undefined) headers.push(["ETag", file.etag]);
  if (file.lastModified !== undefined)
    headers.push(["Last-Modified", new Date(file.lastModified).toUTCString()]);
  return headers;
}
