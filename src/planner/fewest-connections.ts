import type { Range } from "../ranges/range.ts";
import type { LinkEstimate } from "../source/link-estimate.ts";
import type { Choice } from "./choose-draft.ts";
import type { PlanLimits } from "./plan-limits.ts";
import { boundMakespan, loadOf, predictMakespan } from "./predict-makespan.ts";

/** Time that may be given away for fewer connections. *Unmeasured*. */
const THRIFT = 1.05;
/**
 * While rates are priors, fewer connections must also do on a link with so many times the bandwidth: at 50 MB/s where 10 were
 * supposed, too few took 1.4 times as long, while too many cost nothing but themselves.
 */
const PRIOR_MARGIN = 4;

/** What the requests of a plan take. */
export interface Costs {
  readonly connections: number;
  readonly predictedMs: number;
}

/**
 * The fewest connections that take hardly longer than any number would, now and once they are open: a list of reads is seldom the last
 * of its kind, and a connection saved now costs the next one a connect.
 */
export function fewestConnections(
  requests: readonly Range[],
  limits: PlanLimits,
  { draft, floorMs }: Choice,
): Costs {
  const { link } = limits;
  const sizes = Float64Array.from(requests, (request) => request.length);
  const load = loadOf(sizes);
  const most = Math.min(limits.connections, requests.length);
  const chosen = Math.min(draft.connections, most);
  const chosenMs = predictMakespan(sizes, chosen, link);
  const enoughMs = Math.max(chosenMs, floorMs * THRIFT);
  const open = { ...link, idle: most };
  for (const connections of [...limits.tried, most].sort((one, other) => one - other)) {
    if (connections > most) break;
    if (boundMakespan(load, connections, link) > enoughMs) continue;
    const predictedMs = connections === chosen ? chosenMs : predictMakespan(sizes, connections, link);
    if (predictedMs > enoughMs) continue;
    if (!isEnough(sizes, { link: open, connections, most })) continue;
    if (!isEnoughIfFaster(sizes, { link, connections, most: chosen })) continue;
    return { connections, predictedMs };
  }
  return { connections: chosen, predictedMs: chosenMs };
}

interface Comparison {
  readonly link: LinkEstimate;
  readonly connections: number;
  readonly most: number;
}

function isEnough(sizes: Float64Array, { link, connections, most }: Comparison): boolean {
  if (connections === most) return true;
  return predictMakespan(sizes, connections, link) <= predictMakespan(sizes, most, link) * THRIFT;
}

/** Whether fewer connections would also do if the link turned out to be faster than supposed. */
function isEnoughIfFaster(sizes: Float64Array, { link, connections, most }: Comparison): boolean {
  if (link.bandwidthMeasured !== false) return true;
  const faster = {
    ...link,
    bytesPerSecond: link.bytesPerSecond * PRIOR_MARGIN,
    totalBytesPerSecond: link.totalBytesPerSecond * PRIOR_MARGIN,
  };
  return isEnough(sizes, { link: faster, connections, most });
}
