/** A file made on demand, so that a test can serve gigabytes without holding them. */
export interface GeneratedFile extends FileFacts {
  /** Bytes. */
  size: number;
  /** Exactly the bytes `[start, end)`, end exclusive. */
  read(start: number, end: number): Uint8Array | Promise<Uint8Array>;
}

/** Bytes together with what the server is to say of them. */
export interface DescribedFile extends FileFacts {
  /** The content; a string is text, sent as UTF-8. */
  bytes: Uint8Array | string;
}

/** What a server says of a file; each has an honest default. */
export interface FileFacts {
  /** The ETag field as sent, quotes and `W/` included; null for none. Default: a strong one made of the content. */
  etag?: string | null;
  /** Seconds are kept, milliseconds dropped; null for none. Default: a minute before the server started. */
  lastModified?: Date | null;
  /** Default by the name: `text/html` for .html, `text/plain` for .txt, else `application/octet-stream`. */
  contentType?: string;
  /** Further fields of every 200 and 206. */
  headers?: Record<string, string>;
}

/**
 * One file of a range server: bytes, text (sent as UTF-8), or either with facts of its own. The server keeps the array
 * itself and never writes to it; to change a file, `replace` it.
 */
export type FileContent = Uint8Array | string | DescribedFile | GeneratedFile;

/** One version of one file, as an exchange sees it. */
export interface ServedFile {
  /** Bytes. */
  readonly size: number;
  /** The ETag field as sent; undefined for none. */
  readonly etag: string | undefined;
  /** Milliseconds since 1970, whole seconds. */
  readonly lastModified: number | undefined;
  /** The Content-Type field. */
  readonly contentType: string;
  /** Further fields of every 200 and 206. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly the bytes `[start, end)`, end exclusive; they stay the server's and are not changed. */
  read(start: number, end: number): Uint8Array | Promise<Uint8Array>;
}

/** The facts a server adds to a file: its name and how often the name was replaced. */
export interface Placement {
  name: string;
  /** Milliseconds since 1970 for a file that states no date. */
  lastModified: number;
  version: number;
}

/** Settles size, validators and type of one file. Hashes the content where it states no ETag. */
export async function serveFile(content: FileContent, place: Placement): Promise<ServedFile> {
  const described = describe(content);
  const facts: FileFacts = described;
  const bytes = "bytes" in described ? toBytes(described.bytes) : undefined;
  const size = bytes === undefined ? (described as GeneratedFile).size : bytes.length;
  const read = bytes === undefined ? (described as GeneratedFile).read : bytes.subarray.bind(bytes);
  return {
    size,
    read: (start, end) => read.call(described, start, end),
    etag: facts.etag === undefined ? await madeEtag(bytes, size, place.version) : (facts.etag ?? undefined),
    lastModified: wholeSeconds(facts.lastModified, place.lastModified),
    contentType: facts.contentType ?? typeByName(place.name),
    headers: facts.headers ?? {},
  };
}

function describe(content: FileContent): DescribedFile | GeneratedFile {
  return typeof content === "string" || content instanceof Uint8Array ? { bytes: content } : content;
}

function toBytes(bytes: Uint8Array | string): Uint8Array {
  return typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
}

async function madeEtag(bytes: Uint8Array | undefined, size: number, version: number): Promise<string> {
  if (bytes === undefined) return `"generated-${size}-${version}"`;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return `"${Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

function wholeSeconds(date: Date | null | undefined, otherwise: number): number | undefined {
  if (date === null) return undefined;
  return Math.floor((date?.getTime() ?? otherwise) / 1000) * 1000;
}

const TYPES: Readonly<Record<string, string>> = { html: "text/html", txt: "text/plain; charset=utf-8" };

function typeByName(name: string): string {
  return TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
}
