import { changeHeader, type Exchange, removeHeader, setHeader } from "./exchange.ts";
import { type BodyPart, multipartAnswer, partLength, textAnswer } from "./honest-answer.ts";
import { answering, type MisbehaviourDefinition } from "./misbehaviour-definition.ts";
import { contentRangeOf } from "./range-field.ts";

/** Headers and bodies that do not agree with each other or with the file. */
export type AnswerMisbehaviour =
  | "shifted-body"
  | "long-body"
  | "short-length"
  | "no-content-range"
  | "no-total"
  | "wrong-total"
  | "wrong-unit"
  | "duplicate-content-range"
  | "garbage-content-range"
  | "200-for-206"
  | "multipart"
  | "gzips"
  | "html-login"
  | "accept-ranges-none"
  | "hidden-headers"
  | "no-cors";

/** Definitions of {@link AnswerMisbehaviour}. */
export const answerMisbehaviours: Record<AnswerMisbehaviour, MisbehaviourDefinition> = {
  /** Every header right, the bytes from `bytes` (default 1) positions away: only a checksum can tell. */
  "shifted-body": answering(shiftBody),
  /** `bytes` (default 1) more than the span, Content-Length agreeing with the body; with `chunked`, nothing tells. */
  "long-body": answering((exchange, { bytes = 1 }) => {
    if (hasBody(exchange)) setBody(exchange, [...exchange.body, new Uint8Array(bytes).fill(0x58)]);
  }),
  /** Only the first `bytes` (default half) of the span, Content-Length agreeing with the body: a 206 cut by a proxy. */
  "short-length": answering((exchange, { bytes }) => {
    if (!hasBody(exchange)) return;
    setBody(exchange, firstBytes(exchange.body, bytes ?? Math.floor(bodyLength(exchange) / 2)));
  }),
  /** A 206 that does not say what it holds. */
  "no-content-range": answering((exchange) => removeHeader(exchange, "Content-Range")),
  /** The size kept secret: `bytes 0-2/*`. */
  "no-total": answering((exchange) => changeTotal(exchange, () => "*")),
  /** `value` as the total; default one more than the truth. */
  "wrong-total": answering((exchange, { value }) =>
    changeTotal(exchange, (total) => value ?? String(Number(total) + 1)),
  ),
  /** `items 0-2/11`; or `value` as the unit. */
  "wrong-unit": answering((exchange, { value = "items" }) =>
    changeHeader(exchange, "Content-Range", (field) => field.replace("bytes", value)),
  ),
  /** A second Content-Range field: `value`, by default that of the first byte. */
  "duplicate-content-range": answering((exchange, { value }) => {
    const { span, file } = exchange;
    if (span === undefined) return;
    exchange.headers.push(["Content-Range", value ?? contentRangeOf({ start: 0, end: 1 }, file?.size)]);
  }),
  /** `value` as the whole field; by default what a misconfigured Apache was seen to send. */
  "garbage-content-range": answering((exchange, { value = "bytes 0-(null)/(null)" }) =>
    changeHeader(exchange, "Content-Range", () => value),
  ),
  /** The body and the headers of a 206 under status 200. */
  "200-for-206": answering((exchange) => {
    if (exchange.status === 206) exchange.status = 200;
  }),
  /** multipart/byteranges of one part, where one range was asked for. */
  multipart: answering((exchange) => {
    const { span, file } = exchange;
    if (span !== undefined && file !== undefined) exchange.replaceAnswer(multipartAnswer([span], file));
  }),
  /** Content-Encoding: gzip over the span, although identity was asked for: middleware around a file server. */
  gzips: answering((exchange) => {
    if (!hasBody(exchange)) return;
    setHeader(exchange, "Content-Encoding", "gzip");
    exchange.delivery.gzip = true;
  }),
  /** 200 with a login page. */
  "html-login": answering((exchange) => {
    const answer = textAnswer(200, "<!doctype html><title>Sign in</title><form method=post></form>\n");
    setHeader(answer, "Content-Type", "text/html; charset=utf-8");
    exchange.replaceAnswer(exchange.request.method === "HEAD" ? { ...answer, body: [] } : answer);
  }),
  /** Says that it has no ranges, and serves them. */
  "accept-ranges-none": answering((exchange) => setHeader(exchange, "Accept-Ranges", "none")),
  /** Does not expose its headers to a page of another origin: Content-Range and ETag become unreadable. */
  "hidden-headers": answering((exchange) => removeHeader(exchange, "Access-Control-Expose-Headers")),
  /** Does not let pages of other origins read it at all. */
  "no-cors": answering((exchange) => {
    removeHeader(exchange, "Access-Control-Allow-Origin");
    removeHeader(exchange, "Access-Control-Expose-Headers");
  }),
};

/** Bytes of the body that is to be sent. */
export function bodyLength(exchange: Exchange): number {
  return exchange.body.reduce((sum, part) => sum + partLength(part), 0);
}

/** Whether the answer brings bytes of the file. */
export function hasBody(exchange: Exchange): boolean {
  return (exchange.status === 200 || exchange.status === 206) && bodyLength(exchange) > 0;
}

function setBody(exchange: Exchange, body: BodyPart[]): void {
  exchange.body = body;
  changeHeader(exchange, "Content-Length", () => String(bodyLength(exchange)));
}

function firstBytes(body: readonly BodyPart[], count: number): BodyPart[] {
  const first: BodyPart[] = [];
  let left = count;
  for (const part of body) {
    const length = Math.min(left, partLength(part));
    if (length === 0) break;
    first.push(
      part instanceof Uint8Array ? part.subarray(0, length) : { start: part.start, end: part.start + length },
    );
    left -= length;
  }
  return first;
}

function changeTotal(exchange: Exchange, change: (total: string) => string): void {
  if (exchange.span === undefined) return;
  changeHeader(exchange, "Content-Range", (field) => {
    const slash = field.lastIndexOf("/") + 1;
    return field.slice(0, slash) + change(field.slice(slash));
  });
}

function shiftBody(exchange: Exchange, { bytes = 1 }: { bytes?: number }): void {
  const { file } = exchange;
  if (file === undefined || !hasBody(exchange)) return;
  // The file is turned like a wheel, so that a span at its end can be shifted too.
  const read = async (start: number, end: number) => {
    const turned = new Uint8Array(end - start);
    const from = (start + bytes) % file.size;
    const head = await file.read(from, Math.min(file.size, from + turned.length));
    turned.set(head);
    if (head.length < turned.length) turned.set(await file.read(0, turned.length - head.length), head.length);
    return turned;
  };
  exchange.file = { ...file, read };
}
