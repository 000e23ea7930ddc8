/** The middle of the values; of an even number, the mean of the two in the middle. */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * One contender's runs in one figure each: medians; of a run that was cut off, what the whole would have been at its pace
 * (`isScaled`), or `error` where a run gave wrong bytes or failed, or got nowhere before the limit.
 */
export function summarize({ contender, kind, runs }) {
  const failed = runs.find(({ error }) => error !== undefined);
  if (failed !== undefined) return { contender, kind, error: failed.error };
  const cut = runs.find(({ isCut }) => isCut === true);
  if (kind === "ours" && cut !== undefined)
    return {
      contender,
      kind,
      cutMs: cut.wallMs,
      error: `${(100 * cut.part).toFixed(1)} % done after ${Math.round(cut.wallMs / 1000)} s`,
    };
  if (runs.some(({ isCut, part }) => isCut && part === 0))
    return { contender, kind, error: "nothing before the limit" };
  const of = (field, scales = true) =>
    median(runs.map((run) => run[field] / (run.isCut && scales ? run.part : 1)));
  return {
    contender,
    kind,
    isScaled: runs.some(({ isCut }) => isCut === true),
    wallMs: of("wallMs"),
    cpuMs: of("cpuMs"),
    requests: of("requests"),
    connections: of("connections", false),
    bytes: of("bytes"),
    grownRss: median(runs.map(({ peakRss, startRss }) => peakRss - startRss)),
  };
}
