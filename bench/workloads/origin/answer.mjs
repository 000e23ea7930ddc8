/** What lets a page of another origin read all of it, and what a server may say to a preflight (WHATWG Fetch). */
const CORS = ["Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: Content-Range, ETag"];
const PREFLIGHT = ["Access-Control-Allow-Methods: GET, HEAD", "Access-Control-Allow-Headers: Range"];
const LAST_MODIFIED = "Wed, 01 Jan 2025 00:00:00 GMT";

/** The head of one request, or undefined while its end has not arrived; `length` is how many characters it takes. */
export function parseRequest(text) {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [first, ...lines] = text.slice(0, end).split("\r\n");
  const [method, target] = first.split(" ");
  const fields = new Map();
  for (const line of lines) {
    const colon = line.indexOf(":");
    fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, target, fields, length: end + 4 };
}

/** Status, header lines and the range of the body for a request for `file` (RFC 9110, sections 13.1 and 14). */
export function answerTo(request, { name, file }) {
  const answer = answerOfFile(request, { name, file });
  // Only what comes from a page has an Origin: whoever else asks gets no byte more.
  return request.fields.has("origin") ? { ...answer, lines: [...answer.lines, ...CORS] } : answer;
}

function answerOfFile({ method, fields }, { name, file }) {
  if (method === "OPTIONS") return { status: "204 No Content", lines: PREFLIGHT };
  const { size } = file;
  const etag = `"${name}-${size}"`;
  const about = [`ETag: ${etag}`, `Last-Modified: ${LAST_MODIFIED}`, "Accept-Ranges: bytes"];
  if (method !== "GET" && method !== "HEAD")
    return { status: "405 Method Not Allowed", lines: ["Allow: GET, HEAD"] };
  const conditions = fields.get("if-match");
  if (conditions !== undefined && conditions !== "*" && !conditions.split(/\s*,\s*/).includes(etag))
    return { status: "412 Precondition Failed", lines: about };
  const whole = { status: "200 OK", lines: about, body: [0, size] };
  const ifRange = fields.get("if-range");
  if (ifRange !== undefined && ifRange !== etag && ifRange !== LAST_MODIFIED) return whole;
  const asked = method === "GET" ? fields.get("range") : undefined;
  const range = asked === undefined ? undefined : resolveRange(asked, size);
  if (range === undefined) return whole;
  if (range === "outside")
    return { status: "416 Range Not Satisfiable", lines: [...about, `Content-Range: bytes */${size}`] };
  const [start, end] = range;
  return {
    status: "206 Partial Content",
    lines: [...about, `Content-Range: bytes ${start}-${end - 1}/${size}`],
    body: range,
  };
}

/** One range, half-open; undefined for what a server may ignore (several ranges, another unit). */
function resolveRange(field, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(field);
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  if (match[1] === "") {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? "outside" : [size - length, size];
  }
  const start = Number(match[1]);
  const last = match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (match[2] !== "" && Number(match[2]) < start) return undefined;
  return start >= size ? "outside" : [start, last + 1];
}
