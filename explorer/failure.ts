import { type ErrorCode, isRangeStreamsError } from "range-streams";
import { diagnose, type Finding } from "range-streams/doctor";
import { uncached } from "./request-log.ts";
import { visibleName } from "./text.ts";

/** What went wrong, in words for people. */
export interface Failure {
  readonly title: string;
  readonly explanation: string;
  /** What the doctor found, or would. */
  readonly findings: readonly Pick<Finding, "level" | "what" | "cost" | "remedy">[];
  /** The error itself, for who wants it, as it may be shown. */
  readonly detail: string;
  /** The whole file may be taken instead. */
  readonly mayDownload: boolean;
}

/** What was tried. */
export interface Attempt {
  readonly url: string;
  /** All of the file was asked for, in the place of its parts. */
  readonly whole: boolean | undefined;
}

/** Which error the server's way with ranges is behind: the doctor can tell more. */
const OF_RANGES: readonly ErrorCode[] = [
  "RANGE_IGNORED",
  "RANGE_MISMATCH",
  "BAD_RESPONSE",
  "ENCODED",
  "UNKNOWN_SIZE",
  "HTTP_STATUS",
  "SHORT_BODY",
];

const TITLES: Partial<Record<ErrorCode, string>> = {
  NOT_FOUND: "There is no such file",
  AUTH: "The server wants credentials for this file",
  CHANGED: "The file changed meanwhile",
  TIMEOUT: "The server took too long",
  BLOCKED_ADDRESS: "The relay asks public addresses alone",
  RATE_LIMITED: "The server asks for a pause",
  ENCODED: "The server compresses what should be cut",
  LIMIT: "A limit was reached",
  FORMAT: "The archive is damaged",
  AMBIGUOUS: "The archive contradicts itself",
  CHECKSUM: "The bytes are not those that were packed",
  UNSUPPORTED: "This is not read here",
};

/** An error by its code and message, as it may be shown. */
export function formatError(error: unknown): string {
  return visibleName(isRangeStreamsError(error) ? `${error.code}: ${error.message}` : String(error));
}

/** What to say of an error that opening a URL met. Asks the server once more where that tells why. */
export async function explainFailure(
  error: unknown,
  { url, whole }: Attempt,
  signal: AbortSignal,
): Promise<Failure> {
  const detail = formatError(error);
  if (isRangeStreamsError(error, "NETWORK")) return { ...(await explainSilence(url, signal)), detail };
  const title = isRangeStreamsError(error) ? TITLES[error.code] : undefined;
  const plain = {
    title: title ?? "The file could not be opened",
    explanation: "",
    findings: [],
    detail,
    mayDownload: false,
  };
  if (!isRangeStreamsError(error, ...OF_RANGES)) return plain;
  const findings = await askDoctor(url, signal);
  if (!isRangeStreamsError(error, "RANGE_IGNORED")) return { ...plain, findings };
  return {
    ...plain,
    title: "This server does not give parts of the file",
    // A server gives the whole file to whoever takes it: where that failed too, the relay stood in between.
    explanation: whole
      ? "A relay hands on parts alone. Download the file with the browser, then choose it here."
      : "It ignores range requests, so that every look into the file would cost all of it. The file can be taken whole, once.",
    findings,
    mayDownload: !whole,
  };
}

async function askDoctor(url: string, signal: AbortSignal): Promise<readonly Finding[]> {
  try {
    const { findings } = await diagnose(url, { client: uncached, signal });
    return findings.filter(({ level }) => level === "problem");
  } catch {
    // It met the same error, which is told already.
    return [];
  }
}

/** A browser does not say why an answer is kept from a page. Whether the server answers at all can be found out. */
async function explainSilence(url: string, signal: AbortSignal): Promise<Omit<Failure, "detail">> {
  const { origin } = location;
  if (location.protocol === "https:" && url.startsWith("http:")) {
    return {
      title: "A page that came by https may not read from http",
      explanation:
        "The browser forbids it. Use the https address of the file, or open this page from your own computer: range-streams explore.",
      findings: [],
      mayDownload: false,
    };
  }
  if (!(await answersAtAll(url, signal))) {
    return {
      title: "No answer came from this server",
      explanation: "Check the address and the network.",
      findings: [],
      mayDownload: false,
    };
  }
  return {
    title: "This server lets no page read the file (CORS)",
    explanation: `The server answers, but the browser keeps the answer from this page: it lacks permission for ${origin}. The command line is not bound by that: npx range-streams ls URL`,
    findings: [
      {
        level: "problem",
        what: `A page of ${origin} cannot read the file: answers have no Access-Control-Allow-Origin for it.`,
        cost: "Every read from this page fails; a browser shows it as a network error.",
        remedy: `Send Access-Control-Allow-Origin: ${origin} (or *) with every answer, 206 and 416 and redirects included, and Access-Control-Expose-Headers: Content-Range, ETag, Accept-Ranges. To look closer: range-streams doctor URL --origin ${origin}`,
      },
    ],
    mayDownload: false,
  };
}

/** A request whose answer the page may not look at succeeds all the same. HEAD: no body is sent for it. */
async function answersAtAll(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    await fetch(url, { method: "HEAD", mode: "no-cors", credentials: "omit", signal });
    return true;
  } catch {
    return false;
  }
}
