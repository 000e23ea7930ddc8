// How fast is RangeDict? Beside sorted-btree and a plain sorted array: setting and finding 100,000 disjoint ranges in random
// order. Prints JSON; exit code 1 if RangeDict takes more than 3 times as long as sorted-btree, or if 5,000 ranges take 10 times
// as long as 1,000 (a linear structure takes 25 times as long).
//
//   npm run bench:ranges          (builds dist/ first; sorted-btree is a dev dependency of the package)

import sortedBTree from "sorted-btree";
import { Range, RangeDict } from "../../dist/index.js";

const BTree = sortedBTree.default;
const COUNT = 100_000;
const MAX_AGAINST_BTREE = 3;
const MAX_GROWTH = 10;

/** Pseudo-random, the same in every run. */
function shuffled(count) {
  const order = Array.from({ length: count }, (_, index) => index);
  let state = 7;
  for (let at = count - 1; at > 0; at--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

/** Disjoint ranges of 5 positions, each 10 after the other, in random order. */
function disjoint(count) {
  return shuffled(count).map((index) => new Range(index * 10, index * 10 + 5));
}

// What each structure does to set a range that nothing overlaps, after looking whether something does, and to find a position.
const contenders = {
  rangeDict() {
    const dict = new RangeDict();
    return { set: (range, value) => dict.set(range, value), find: (position) => dict.get(position) };
  },
  sortedBTree() {
    const tree = new BTree(undefined, (a, b) => a - b);
    return {
      set(range, value) {
        const before = tree.nextLowerPair(range.end);
        if (before !== undefined && before[1].range.end > range.start) throw new Error("overlap");
        tree.set(range.start, { range, value });
      },
      find(position) {
        const found = tree.getPairOrNextLower(position);
        return found !== undefined && found[1].range.end > position ? found[1].value : undefined;
      },
    };
  },
  sortedArray() {
    const entries = [];
    const firstEndingAfter = (position) => {
      let low = 0;
      let high = entries.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (entries[middle].range.end > position) high = middle;
        else low = middle + 1;
      }
      return low;
    };
    return {
      set(range, value) {
        const at = firstEndingAfter(range.start);
        if (at < entries.length && entries[at].range.start < range.end) throw new Error("overlap");
        entries.splice(at, 0, { range, value });
      },
      find(position) {
        const found = entries[firstEndingAfter(position)];
        return found !== undefined && found.range.start <= position ? found.value : undefined;
      },
    };
  },
};

/** Milliseconds for setting all `ranges` and then finding each, and every other position between them. */
function measure(make, ranges) {
  const began = performance.now();
  const structure = make();
  for (const range of ranges) structure.set(range, range.start);
  const set = performance.now();
  for (const { start, end } of ranges) {
    if (structure.find(start + 2) !== start || structure.find(end + 2) !== undefined) {
      throw new Error(`wrong answer at ${start}`);
    }
  }
  const found = performance.now();
  return { setMs: set - began, findMs: found - set, totalMs: found - began };
}

/** The fastest of several runs each, taken in turns: what disturbs a measurement only ever adds to it. */
function fastest(runs, ...measurements) {
  const best = measurements.map((measureOnce) => measureOnce());
  for (let run = 1; run < runs; run++) {
    for (const [index, measureOnce] of measurements.entries()) {
      const next = measureOnce();
      if (next.totalMs < best[index].totalMs) best[index] = next;
    }
  }
  return best;
}

const rounded = (number) => Math.round(number * 100) / 100;
const roundedAll = (times) =>
  Object.fromEntries(Object.entries(times).map(([name, ms]) => [name, rounded(ms)]));

const { rangeDict, sortedBTree: btree, sortedArray } = contenders;
const [thousand, fiveThousand, many] = [disjoint(1000), disjoint(5000), disjoint(COUNT)];
const [dictTimes, btreeTimes] = fastest(
  7,
  () => measure(rangeDict, many),
  () => measure(btree, many),
);
const arrayTimes = measure(sortedArray, many);
const [small, large] = fastest(
  50,
  () => measure(rangeDict, thousand),
  () => measure(rangeDict, fiveThousand),
);

const againstBTree = dictTimes.totalMs / btreeTimes.totalMs;
const growth = large.totalMs / small.totalMs;
const passed = againstBTree <= MAX_AGAINST_BTREE && growth < MAX_GROWTH;

console.log(
  JSON.stringify(
    {
      ranges: COUNT,
      rangeDict: roundedAll(dictTimes),
      sortedBTree: roundedAll(btreeTimes),
      sortedArray: roundedAll(arrayTimes),
      rangeDictOverSortedBTree: rounded(againstBTree),
      rangeDictOverSortedArray: rounded(dictTimes.totalMs / arrayTimes.totalMs),
      growthFrom1000To5000: rounded(growth),
      limits: { rangeDictOverSortedBTree: MAX_AGAINST_BTREE, growthFrom1000To5000: MAX_GROWTH },
      passed,
    },
    null,
    2,
  ),
);
process.exitCode = passed ? 0 : 1;
