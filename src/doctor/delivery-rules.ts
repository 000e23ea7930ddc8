import type { DiagnosisFacts, Finding } from "./diagnosis.ts";
import { finding, isUntold } from "./finding.ts";
import type { Observed, Seen } from "./observations.ts";

/** What the way to the file costs, and what could not be found out. */
export function findDelivery(observed: Observed, facts: DiagnosisFacts): Finding[] {
  return [
    ...findRedirects(observed),
    ...findKeepAlive(facts),
    ...findSilence(observed),
    ...findStop(observed),
  ];
}

function findRedirects({ redirects }: Observed): Finding[] {
  const last = redirects.at(-1);
  if (last === undefined) return [];
  const times = redirects.length === 1 ? "once" : `${redirects.length} times`;
  const statuses = redirects.flatMap(({ status }) => (status === undefined ? [] : [status]));
  const how = statuses.length === 0 ? "" : ` (status ${statuses.join(", ")})`;
  const words = {
    what: `The URL leads elsewhere, ${times}${how}: to ${last.url}.`,
    cost: `${redirects.length === 1 ? "One more request" : `${redirects.length} more requests`} to open; later reads go to where it led. What \`headers\` hold goes to the first origin alone.`,
  };
  const permanent = statuses.length > 0 && statuses.every((status) => status === 301 || status === 308);
  return [
    permanent
      ? finding("moved-permanently", { ...words, remedy: "Use that URL: the move is permanent." })
      : finding("redirected", {
          ...words,
          remedy:
            "Nothing need be done, and a signed target must not be kept; where it does not change, link to it directly.",
        }),
  ];
}

function findKeepAlive({ keepAlive }: DiagnosisFacts): Finding[] {
  if (keepAlive !== false) return [];
  return [
    finding("no-keep-alive", {
      what: "The server closes the connection after every answer.",
      cost: "Each read begins with a new connection: one round trip more, two or three with TLS, and a slow start.",
      remedy:
        "Switch keep-alive on (nginx `keepalive_timeout`, Apache `KeepAlive On`), in the proxy too, and speak HTTP/1.1 or later.",
    }),
  ];
}

/** Probes that say nothing. */
function findSilence(observed: Observed): Finding[] {
  const silent = probesOf(observed).filter((seen) => isUntold(seen) && seen.fault !== "CHANGED");
  if (silent.length === 0) return [];
  const list = silent.map(({ asked, status, fault }) => {
    const got = [status === undefined ? undefined : `status ${status}`, fault];
    return `${asked} (${got.filter((text) => text !== undefined).join(", ")})`;
  });
  return [
    finding("no-answer", {
      what: `Not every request got a useful answer: ${list.join(", ")}.`,
      cost: "Such a read is tried again, after a pause, until `retry.attempts` are used up.",
      remedy: observed.filtered
        ? "In a browser a refused preflight looks like this too: run `range-streams doctor URL --origin ORIGIN` at a terminal, which can tell."
        : "Run the diagnosis again; if it stays so, look into the logs of the server for errors, limits and time-outs.",
    }),
  ];
}

function probesOf(observed: Observed): readonly Seen[] {
  const { first, second, suffix, list, head, coded, cors } = observed;
  const { rightIfMatch, wrongIfMatch, rightIfRange, wrongIfRange } = observed;
  const all = [
    first,
    second,
    suffix,
    list,
    head,
    rightIfMatch,
    wrongIfMatch,
    rightIfRange,
    wrongIfRange,
    coded,
  ];
  return [...all, cors?.get, cors?.preflight].filter((seen) => seen !== undefined);
}

function findStop({ stopped }: Observed): Finding[] {
  if (stopped === undefined) return [];
  const why = stopped === "rate" ? "the server said that it is asked too often" : "the time was up";
  return [
    finding("stopped-early", {
      what: `The diagnosis was stopped: ${why}. What is missing was not looked at.`,
      cost: "Nothing.",
      remedy:
        stopped === "rate"
          ? "Run it again later."
          : "Raise `timeouts.totalMs`, if the server is slow rather than silent.",
    }),
  ];
}
