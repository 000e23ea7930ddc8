import type { HttpError } from "../errors.ts";
import type { Range } from "../ranges/range.ts";
import { type ContentRange, parseContentRange } from "./content-range.ts";
import { type Asked, refuse } from "./refusal.ts";

/** Bytes over a buffer of their own kind. */
type Bytes = Uint8Array<ArrayBuffer>;

/** What a `multipart/byteranges` body is made of, in the order it comes. */
export type MultipartEvent =
  /** A part begins; what it holds is not yet proven. */
  | { readonly kind: "part"; readonly range: Range; readonly total: number | undefined }
  /** Bytes of that part from position `at` of the file on; a view of the chunk that was pushed. */
  | { readonly kind: "data"; readonly at: number; readonly bytes: Bytes }
  /** The delimiter stood where the length of the part says that it must: the part is whole. */
  | { readonly kind: "complete" };

/** A delimiter and the header block after it may take this much together, and so may the line breaks before the first. */
const MAX_HEAD_BYTES = 16 * 1024;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const DASH = 0x2d;

/**
 * Reads a `multipart/byteranges` body (RFC 9110 section 14.6) chunk by chunk, however it is cut. The length of a part comes
 * from its own Content-Range; the boundary is never searched for, only expected: after exactly that many bytes it must stand
 * there. So a boundary within the data is data, and a part that says one length and sends another is noticed.
 *
 * Strict where leniency would move bytes: every line ends in CR LF (a bare LF is refused, since the empty line decides where the
 * data begins), header lines are not folded, and before the first delimiter there may be line breaks only. What follows the
 * closing delimiter is passed over. Holds at most one header block; linear in the body.
 */
export class MultipartByteranges {
  readonly #asked: Asked;
  /** CR LF `--` boundary. */
  readonly #delimiter: Uint8Array;
  #state: "delimiter" | "padding" | "header" | "data" | "epilogue" = "delimiter";
  /** Bytes of the delimiter seen. The line break in front is not due before the first one. */
  #matched = 2;
  #parts = 0;
  #budget = MAX_HEAD_BYTES;
  #line: number[] = [];
  #contentRange: ContentRange | undefined;
  #position = 0;
  #end = 0;

  /** `asked` is for messages. */
  constructor(boundary: string, asked: Asked) {
    this.#asked = asked;
    this.#delimiter = Uint8Array.from(`\r\n--${boundary}`, (character) => character.charCodeAt(0));
    this.#budget += this.#delimiter.length;
  }

  /** The closing delimiter was seen. */
  get ended(): boolean {
    return this.#state === "epilogue";
  }

  /**
   * What the next chunk holds. Each event comes before the bytes after it are looked at, so what is thrown takes back nothing
   * that came earlier.
   *
   * @throws BAD_RESPONSE where the body breaks the grammar, ENCODED for a coded part.
   */
  *push(chunk: Bytes): Generator<MultipartEvent, void, void> {
    let offset = 0;
    while (offset < chunk.byteLength && this.#state !== "epilogue") {
      if (this.#state === "data") {
        const length = Math.min(chunk.byteLength - offset, this.#end - this.#position);
        yield { kind: "data", at: this.#position, bytes: chunk.subarray(offset, offset + length) };
        offset += length;
        this.#passData(length);
        continue;
      }
      const event = this.#take(chunk[offset++] as number);
      if (event !== undefined) yield event;
    }
  }

  /** To be called at the end of the body. @throws SHORT_BODY where the closing delimiter is missing. */
  finish(): void {
    if (this.ended) return;
    throw refuse(this.#asked, 206, {
      code: "SHORT_BODY",
      got: `a multipart body that ended early, in or after part ${this.#parts}`,
      advice: "the connection or a proxy is unreliable; it may pass",
      retryable: true,
    });
  }

  #passData(length: number): void {
    this.#position += length;
    if (this.#position < this.#end) return;
    this.#state = "delimiter";
    this.#matched = 0;
    this.#budget = MAX_HEAD_BYTES + this.#delimiter.length;
  }

  #take(byte: number): MultipartEvent | undefined {
    if (this.#budget-- === 0) throw this.#bad(`more than ${MAX_HEAD_BYTES} bytes around the head of a part`);
    if (this.#state === "delimiter") return this.#matchDelimiter(byte);
    if (this.#state === "padding") return this.#endDelimiter(byte);
    return this.#takeHeader(byte);
  }

  #matchDelimiter(byte: number): undefined {
    if (this.#parts === 0 && this.#matched === 2 && byte === CR) {
      this.#matched = 1;
      return;
    }
    if (byte !== this.#delimiter[this.#matched]) {
      throw this.#bad(
        this.#parts === 0 ? "a body that begins with no boundary" : "no boundary after the bytes of a part",
      );
    }
    this.#matched++;
    if (this.#matched === this.#delimiter.length) this.#state = "padding";
  }

  /** Behind the boundary: `--` closes the body; else blanks and a line break (RFC 2046 section 5.1.1). */
  #endDelimiter(byte: number): MultipartEvent | undefined {
    const line = this.#line;
    const last = line.at(-1);
    if (byte === LF && last === CR) {
      this.#line = [];
      this.#state = "header";
      return this.#complete();
    }
    if (byte === DASH && last === DASH && line.length === 1) return this.#close();
    const fits = byte === DASH ? line.length === 0 : byte === CR || byte === BLANK || byte === TAB;
    if (!fits || last === CR || last === DASH) throw this.#bad("a boundary that goes on as none of them may");
    line.push(byte);
    return undefined;
  }

  #close(): MultipartEvent | undefined {
    if (this.#parts === 0) throw this.#bad("a multipart body without a part");
    this.#state = "epilogue";
    return this.#complete();
  }

  #complete(): MultipartEvent | undefined {
    return this.#parts === 0 ? undefined : { kind: "complete" };
  }

  #takeHeader(byte: number): MultipartEvent | undefined {
    const line = this.#line;
    const afterCr = line.at(-1) === CR;
    if (byte === LF ? !afterCr : afterCr) throw this.#bad("a part whose header lines do not end in CR LF");
    if (byte !== LF) {
      line.push(byte);
      return undefined;
    }
    line.pop();
    this.#line = [];
    if (line.length === 0) return this.#beginPart();
    this.#takeField(String.fromCharCode(...line));
    return undefined;
  }

  #takeField(line: string): void {
    if (line.startsWith(" ") || line.startsWith("\t")) throw this.#bad("a part with a folded header line");
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (name === "" || name !== name.trim()) throw this.#bad("a part with a header line that is no field");
    const value = line.slice(colon + 1).trim();
    const shown = JSON.stringify(value.slice(0, 80));
    if (name === "content-encoding" && value !== "" && value.toLowerCase() !== "identity") {
      const advice = "its positions are those of coded bytes; have the server send this file with no coding";
      throw refuse(this.#asked, 206, { code: "ENCODED", got: `a part coded as ${shown}`, advice });
    }
    if (name !== "content-range") return;
    if (this.#contentRange !== undefined) throw this.#bad("a part with two Content-Range fields");
    this.#contentRange = parseContentRange(value);
    if (this.#contentRange?.range === undefined) throw this.#bad(`a part with Content-Range ${shown}`);
  }

  #beginPart(): MultipartEvent {
    const { range, total } = this.#contentRange ?? {};
    if (range === undefined) throw this.#bad("a part without Content-Range");
    this.#contentRange = undefined;
    this.#parts++;
    this.#position = range.start;
    this.#end = range.end;
    this.#state = "data";
    return { kind: "part", range, total };
  }

  #bad(got: string): HttpError {
    const advice = "the server or a proxy sends a broken multipart body";
    return refuse(this.#asked, 206, { code: "BAD_RESPONSE", got, advice });
  }
}
