import type { HeaderFields } from "./header-fields.ts";

/** What came is no response in the grammar of HTTP/1.1, or can be read in two ways: nothing after it can be trusted. */
export class ResponseSyntaxError extends Error {}

/** The head of a final response. */
export interface ParsedHead {
  readonly status: number;
  readonly headers: HeaderFields;
}

/** Who is told of a response. */
export interface ResponseHandler {
  onHead(head: ParsedHead): void;
  /** Bytes of the body, without the framing of chunks: a view of what was pushed. */
  onData(chunk: Uint8Array<ArrayBuffer>): void;
}

/** Of a head, and of all trailer fields: what Node and undici allow by default. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Of a chunk's size and its extensions, which nobody uses. */
const MAX_CHUNK_LINE_BYTES = 4 * 1024;

/** `status-line` (RFC 9112 section 4); some servers leave out the space before a reason that is empty. */
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/**
 * `field-line` (RFC 9112 section 5): a token, a colon at once, no control character. A folded line is refused as well, which two
 * readers may take for different fields.
 */
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;
/** `chunk-size [ chunk-ext ]` (RFC 9112 section 7.1). More digits than these would be no safe integer. */
const CHUNK_LINE = /^([0-9A-Fa-f]{1,13})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;
const DECIMAL = /^[0-9]+$/;
/** A connection option (RFC 9110 section 7.6.1). */
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEEP_ALIVE = /(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i;
const CR = 0x0d;
const LF = 0x0a;

/**
 * Lines of heads that a connection remembers. Most of a server's are the same in every answer, and taking one apart again took a tenth of the
 * time of a small request; those that are not drive the others out now and then.
 */
const MAX_KNOWN_LINES = 32;

/** What the next byte is part of. */
type Part = "head" | "counted" | "unbounded" | "chunk-line" | "chunk" | "chunk-end" | "trailers" | "over";

/**
 * Takes one connection's responses apart (RFC 9112), one for each {@link ResponseParser.begin}. Strict where two readings are possible: a
 * length that is given twice, or beside a transfer coding, a coding other than `chunked`, a bare LF, a folded field or a control
 * character is an error and never a guess.
 */
export class ResponseParser {
  readonly #handler: ResponseHandler;
  #part: Part = "over";
  #hasBody = true;
  /** Bytes of the body, or of this chunk, that are still to come. */
  #left = 0;
  /** A line or head of which the rest has not come. */
  #pending: Uint8Array<ArrayBuffer> | undefined;
  readonly #known = new Map<string, Field>();
  #trailerBytes = 0;
  #persistent = false;
  #isHttp11 = false;

  constructor(handler: ResponseHandler) {
    this.#handler = handler;
  }

  /** The response of which `begin` spoke has come to its end. */
  get isOver(): boolean {
    return this.#part === "over";
  }

  /** After that, the connection may carry another request (RFC 9112 section 9.3). */
  get isPersistent(): boolean {
    return this.#persistent;
  }

  /** The response is of HTTP/1.1, and not of 1.0. */
  get isHttp11(): boolean {
    return this.#isHttp11;
  }

  /** Bytes of the body that are still to come; Infinity where nothing tells, and before the head has come. */
  get bodyLeft(): number {
    if (this.#part === "over") return 0;
    return this.#part === "counted" ? this.#left : Number.POSITIVE_INFINITY;
  }

  /** A request went out, and its response is next. */
  begin(method: string): void {
    this.#part = "head";
    this.#hasBody = method !== "HEAD";
    this.#pending = undefined;
    this.#persistent = false;
  }

  /**
   * Goes on with what came; gives how many bytes belong to the response, which are fewer than there are only where it ended before them.
   *
   * @throws ResponseSyntaxError
   */
  push(bytes: Uint8Array<ArrayBuffer>): number {
    let at = 0;
    while (at < bytes.byteLength && this.#part !== "over") {
      if (this.#part === "counted" || this.#part === "chunk") at = this.#takeCounted(bytes, at);
      else if (this.#part === "unbounded") {
        this.#handler.onData(bytes.subarray(at));
        at = bytes.byteLength;
      } else if (this.#part === "head") at = this.#takeHead(bytes, at);
      else at = this.#takeLine(bytes, at);
    }
    return at;
  }

  /** The connection ended; tells whether that ends a response rightly, which it does only for a body without any length. */
  end(): boolean {
    if (this.#part === "unbounded") this.#part = "over";
    return this.#part === "over";
  }

  #takeCounted(bytes: Uint8Array<ArrayBuffer>, at: number): number {
    const end = Math.min(bytes.byteLength, at + this.#left);
    this.#left -= end - at;
    // The end of a body is known before whoever reads it hears of its last bytes.
    if (this.#left === 0) this.#part = this.#part === "chunk" ? "chunk-end" : "over";
    this.#handler.onData(at === 0 && end === bytes.byteLength ? bytes : bytes.subarray(at, end));
    return end;
  }

  #takeHead(bytes: Uint8Array<ArrayBuffer>, at: number): number {
    const before = this.#pending?.byteLength ?? 0;
    const whole =
      this.#pending === undefined ? bytes.subarray(at) : concat(this.#pending, bytes.subarray(at));
    const end = endOfHead(whole, Math.max(0, before - 3));
    if ((end ?? whole.byteLength) > MAX_HEAD_BYTES)
      throw new ResponseSyntaxError(`headers of more than ${MAX_HEAD_BYTES} bytes`);
    if (end === undefined) {
      this.#pending = whole.slice();
      return bytes.byteLength;
    }
    this.#pending = undefined;
    // Without the two line ends after the last field.
    this.#readHead(decode(whole.subarray(0, end - 4)));
    return at + end - before;
  }

  #readHead(head: string): void {
    const lines = head.split("\r\n");
    const line = STATUS_LINE.exec(lines[0] ?? "");
    if (line === null) throw new ResponseSyntaxError(`no status line of HTTP/1.1: ${quote(lines[0])}`);
    const status = Number(line[2]);
    const fields = this.#readFields(lines);
    if (status === 101) throw new ResponseSyntaxError("a switch of protocols that nobody asked for");
    // Interim: the answer itself is still to come (RFC 9110 section 15.2).
    if (status < 200) return;
    this.#frame(status, fields, line[1] === "1");
    this.#handler.onHead({ status, headers: fields });
  }

  #readFields(lines: readonly string[]): Fields {
    const fields = new Fields();
    for (let index = 1; index < lines.length; index++) {
      const line = lines[index] as string;
      let field = this.#known.get(line);
      if (field === undefined) {
        field = readField(line);
        if (this.#known.size === MAX_KNOWN_LINES) this.#known.clear();
        this.#known.set(line, field);
      }
      fields.add(field);
    }
    return fields;
  }

  /** How the end of the body is to be found (RFC 9112 section 6.3). */
  #frame(status: number, fields: Fields, is11: boolean): void {
    const coding = fields.get("transfer-encoding");
    const length = fields.get("content-length");
    const connection = fields.get("connection") ?? "";
    this.#isHttp11 = is11;
    this.#persistent = !CLOSE.test(connection) && (is11 || KEEP_ALIVE.test(connection));
    if (coding !== null && length !== null)
      throw new ResponseSyntaxError("a Content-Length beside a Transfer-Encoding");
    if (coding !== null && (coding.toLowerCase() !== "chunked" || !is11))
      throw new ResponseSyntaxError(`a Transfer-Encoding other than chunked: ${quote(coding)}`);
    if (length !== null && !DECIMAL.test(length))
      throw new ResponseSyntaxError(`a Content-Length that is no number, or not alone: ${quote(length)}`);
    if (!this.#hasBody || status === 204 || status === 304) this.#part = "over";
    else if (coding !== null) this.#part = "chunk-line";
    else if (length !== null) {
      this.#left = Number(length);
      this.#part = this.#left === 0 ? "over" : "counted";
    } else {
      this.#part = "unbounded";
      this.#persistent = false;
    }
    this.#trailerBytes = 0;
  }

  #takeLine(bytes: Uint8Array<ArrayBuffer>, at: number): number {
    const found = bytes.indexOf(LF, at);
    const next = found < 0 ? bytes.byteLength : found + 1;
    const piece = bytes.subarray(at, next);
    const line = this.#pending === undefined ? piece : concat(this.#pending, piece);
    const limit = this.#part === "trailers" ? MAX_HEAD_BYTES : MAX_CHUNK_LINE_BYTES;
    if (line.byteLength + this.#trailerBytes > limit)
      throw new ResponseSyntaxError(
        `more than ${limit} bytes of ${this.#part === "trailers" ? "trailers" : "a chunk's size"}`,
      );
    if (found < 0) {
      this.#pending = line.slice();
      return next;
    }
    this.#pending = undefined;
    if (line[line.byteLength - 2] !== CR) throw new ResponseSyntaxError("a line that ends without CR");
    this.#readLine(decode(line.subarray(0, -2)));
    return next;
  }

  #readLine(line: string): void {
    if (this.#part === "chunk-end") {
      if (line !== "") throw new ResponseSyntaxError("a chunk that is longer than its size");
      this.#part = "chunk-line";
    } else if (this.#part === "chunk-line") {
      const digits = CHUNK_LINE.exec(line)?.[1];
      if (digits === undefined) throw new ResponseSyntaxError(`a chunk without a size: ${quote(line)}`);
      this.#left = Number.parseInt(digits, 16);
      this.#part = this.#left === 0 ? "trailers" : "chunk";
    } else if (line === "") this.#part = "over";
    else {
      // What trailers say comes too late to be believed.
      if (!FIELD_LINE.test(line)) throw new ResponseSyntaxError(`a trailer that is no field: ${quote(line)}`);
      this.#trailerBytes += line.length + 2;
    }
  }
}

interface Field {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/** Fields by their lower-case names; a repeated one is joined (RFC 9110 section 5.3). */
class Fields implements HeaderFields {
  readonly #values = new Map<string, string>();

  add({ name, value }: Field): void {
    const before = this.#values.get(name);
    this.#values.set(name, before === undefined ? value : `${before}, ${value}`);
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? this.#values.get(name.toLowerCase()) ?? null;
  }
}

function readField(line: string): Field {
  const field = FIELD_LINE.exec(line);
  if (field === null) throw new ResponseSyntaxError(`a header that is no field: ${quote(line)}`);
  return { name: (field[1] as string).toLowerCase(), value: trim(field[2] as string) };
}

/** Without `OWS` at both ends, which is less than what `String.prototype.trim` takes away (RFC 9110 section 5.6.3). */
function trim(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Each byte as the character of its number, so that every one can be seen (isomorphic, as the WHATWG standards call it). */
function decode(bytes: Uint8Array): string {
  // No more of them than a head may have.
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** Where the empty line after a head ends; undefined while it has not come. */
function endOfHead(bytes: Uint8Array, from: number): number | undefined {
  let lf = bytes.indexOf(LF, from);
  while (lf >= 0) {
    if (lf >= 3 && bytes[lf - 1] === CR && bytes[lf - 2] === LF && bytes[lf - 3] === CR) return lf + 1;
    lf = bytes.indexOf(LF, lf + 1);
  }
  return undefined;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.byteLength + second.byteLength);
  both.set(first);
  both.set(second, first.byteLength);
  return both;
}

/** As much of a foreign text as helps, harmless on a terminal. */
function quote(value = ""): string {
  return JSON.stringify(value.slice(0, 80));
}
