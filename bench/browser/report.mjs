import { mkdirSync, writeFileSync } from "node:fs";
import { describeSession } from "../formats/results.mjs";

/** What a page may take at most, of what Node takes. */
const GOAL = 1.5;

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const round = (value) => Number(value.toFixed(2));

/** The first listing of a process or page, and the quickest of the later ones. */
const moments = { first: ({ times }) => times[0], warm: ({ times }) => Math.min(...times.slice(1)) };

/** A session as it is kept: each round's times, and of each moment the medians, the best, and how they compare. */
export function describe({ profile, chromium, rounds }) {
  const compared = Object.entries(moments).map(([name, of]) => {
    const node = rounds.map((played) => of(played.node));
    const browser = rounds.map((played) => of(played.browser));
    const ratios = browser.map((ms, index) => ms / node[index]);
    const figures = {
      nodeMs: median(node),
      browserMs: median(browser),
      ratio: median(ratios),
      bestRatio: Math.min(...browser) / Math.min(...node),
    };
    return [name, Object.fromEntries(Object.entries(figures).map(([key, value]) => [key, round(value)]))];
  });
  const {
    versions: _,
    results,
    ...about
  } = describeSession(
    rounds.map(({ node, browser }) => ({
      node: { ...node, times: node.times.map(round) },
      browser: { ...browser, times: browser.times.map(round) },
    })),
  );
  return { profile, ...about, chromium, compared: Object.fromEntries(compared), rounds: results };
}

export function format({ profile, compared, rounds }) {
  const [{ node, browser }] = rounds;
  const asked = ({ requests, connections, bytes }) =>
    `${requests} requests, ${connections} connections, ${bytes} bytes`;
  const lines = Object.entries(compared).map(([name, { nodeMs, browserMs, ratio, bestRatio }]) => {
    const kept = Math.min(ratio, bestRatio) <= GOAL ? "kept  " : "BROKEN";
    return `${kept} ${name.padEnd(5)}  Node ${nodeMs} ms, browser ${browserMs} ms: ${ratio} x (best of both ${bestRatio} x), goal ${GOAL} x`;
  });
  return [
    `A zip of 10,000 members listed over ${profile}, ${rounds.length} rounds`,
    ...lines,
    `first listing in Node: ${asked(node.counts)}; in the browser: ${asked(browser.counts)}`,
  ].join("\n");
}

export function save(session) {
  const file = new URL(`results/${session.profile}.json`, import.meta.url);
  mkdirSync(new URL(".", file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(session, null, 1)}\n`);
}
