import type { DiagnosisFacts, Finding } from "./diagnosis.ts";
import { describeSeen, finding, isUntold } from "./finding.ts";
import type { HeadSeen, Observed, RangeSeen } from "./observations.ts";

/** What the answers to everything beyond a plain range say: suffix, lists, HEAD, conditions, codings. */
export function findServices(observed: Observed, facts: DiagnosisFacts): Finding[] {
  return [
    ...findSuffix(observed, facts),
    ...findList(observed, facts),
    ...(observed.head === undefined ? [] : findHead(observed.head, facts.size)),
    ...findIfMatch(observed),
    ...findIfRange(observed),
    ...findCoding(observed, facts),
  ];
}

function findSuffix({ suffix, first }: Observed, facts: DiagnosisFacts): Finding[] {
  if (suffix === undefined || facts.suffix !== false) return [];
  // A suffix of a file whose size stays hidden proves nothing, and that has a finding of its own.
  if (suffix.status === 206 && first.total === undefined) return [];
  const whole = suffix.status === 200 ? " with the whole file" : "";
  return [
    finding("no-suffix", {
      what: `The last bytes cannot be asked for as such: ${suffix.asked} was answered by ${describeSeen(suffix)}${whole}.`,
      cost: "Opening what ends with its directory, such as a zip, takes up to two requests more: one to learn that, one to learn the size.",
      remedy:
        "Let `Range: bytes=-N` through to a server that knows it (RFC 9110 section 14.1.2); or pass `capabilities` of this diagnosis to `openSource`, which saves one of the two.",
    }),
  ];
}

function findList({ list }: Observed, facts: DiagnosisFacts): Finding[] {
  if (list === undefined || facts.multiRange !== false) return [];
  return [
    finding("no-multi-range", {
      what: `Several ranges in one request do not come as several parts: ${list.asked} was answered by ${describeSeen(list)}.`,
      cost: "Scattered pieces are asked for one by one, side by side: more requests, and little more time.",
      remedy:
        "Nothing need be done; where the server can, allow a few dozen ranges (nginx `max_ranges`, Apache `MaxRanges`).",
    }),
  ];
}

function findHead(head: HeadSeen, size: number | undefined): Finding[] {
  if (isUntold(head)) return [];
  if (head.status !== 200) {
    return [
      finding("head-refused", {
        what: `HEAD is refused: ${describeSeen(head)}.`,
        cost: "None here, where HEAD is not used; other readers begin with one and give up.",
        remedy: "Answer HEAD like GET, without the body (a signed URL may have to be signed for both).",
      }),
    ];
  }
  if (head.length === undefined) {
    return [
      finding("head-without-size", {
        what: "HEAD does not tell the size: its answer has no Content-Length.",
        cost: "None here, where the size comes from Content-Range; others cannot find the end of the file.",
        remedy: "Send the Content-Length of the file with the answer to HEAD.",
      }),
    ];
  }
  if (size === undefined || head.length === size) return [];
  return [
    finding("head-wrong-size", {
      what: `HEAD and GET tell different sizes: ${head.length} bytes and ${size}.`,
      cost: "None here, where GET counts; readers that begin with HEAD cut the file short or read past its end.",
      remedy: "Let the same handler answer HEAD and GET, and no proxy or script before it.",
    }),
  ];
}

function findIfMatch({ rightIfMatch: right, wrongIfMatch: wrong }: Observed): Finding[] {
  if (right === undefined || wrong === undefined || isUntold(right) || isUntold(wrong)) return [];
  if (right.fault !== undefined && !isStopped(right)) return [];
  if (isStopped(right)) {
    return [
      finding("if-match-refused", {
        what: `If-Match is refused even with the ETag that the server itself just sent: ${describeSeen(right)}.`,
        cost: "One request at the first read after opening, then none: what comes is compared instead.",
        remedy:
          "Compare If-Match with the ETag that GET sends (RFC 9110 section 13.1.1); a coding filter that rewrites ETags is a frequent cause.",
      }),
    ];
  }
  if (wrong.status !== 206 && wrong.status !== 200) return [];
  return [
    finding("if-match-ignored", {
      what: `If-Match is ignored: with the ETag of another version the answer was ${describeSeen(wrong)}, where 412 was due.`,
      cost: "None in certainty: answers are compared. A changed file costs the body of one answer.",
      remedy: "Answer 412 where If-Match does not match (RFC 9110 section 13.1.1).",
    }),
  ];
}

function isStopped({ status }: RangeSeen): boolean {
  return status === 412 || status === 400;
}

function findIfRange({ rightIfRange: right, wrongIfRange: wrong }: Observed): Finding[] {
  if (right === undefined || wrong === undefined || isUntold(right) || isUntold(wrong)) return [];
  if (wrong.status === 206) {
    return [
      finding("if-range-ignored", {
        what: "If-Range is ignored: with the ETag of another version a part came, where the whole file was due.",
        cost: "None here, where If-Range is not used; downloads that browsers and curl resume are spliced from two versions after a change.",
        remedy:
          "Send the whole file with status 200 where If-Range does not match (RFC 9110 section 13.1.5).",
      }),
    ];
  }
  if (right.fault === undefined) return [];
  return [
    finding("if-range-refused", {
      what: `If-Range with the right ETag gets no part: ${describeSeen(right)}.`,
      cost: "None here, where If-Range is not used; browsers and curl begin broken downloads anew.",
      remedy: "Compare If-Range with the ETag that GET sends (RFC 9110 section 13.1.5).",
    }),
  ];
}

function findCoding({ first, coded }: Observed, { coding, ranges }: DiagnosisFacts): Finding[] {
  const stored = first.fields["x-goog-stored-content-encoding"];
  if (coding.always !== undefined || stored === "gzip") {
    const what =
      coding.always === undefined
        ? "The object is stored with Content-Encoding: gzip and unpacked on the way."
        : `Answers are coded (Content-Encoding: ${coding.always}), although none was accepted.`;
    return [
      finding("coded", {
        what,
        cost: "Positions are those of coded bytes, or there are none: parts of the file itself cannot be read.",
        remedy:
          "Serve this file without a Content-Encoding: turn compression off for its type or path; store a .gz file with Content-Type: application/gzip and no Content-Encoding.",
      }),
    ];
  }
  if (coding.onRequest === undefined || ranges !== true) return [];
  const lost =
    coded?.status === 206
      ? "the part is cut from coded bytes, or coded after it was cut"
      : "Range is ignored then";
  return [
    finding("coded-on-request", {
      what: `A client that accepts gzip gets another file: Content-Encoding: ${coding.onRequest}, ${describeStatus(coded)}; ${lost}.`,
      cost: "None here, where only plain bytes are accepted; readers that do not say so lose ranges, or read wrong bytes.",
      remedy: "Turn on-the-fly compression off for this type (nginx `gzip_types`, Apache `SetEnv no-gzip`).",
    }),
  ];
}

function describeStatus(seen: RangeSeen | undefined): string {
  return `status ${seen?.status}`;
}
