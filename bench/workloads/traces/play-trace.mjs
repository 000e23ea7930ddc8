import { check } from "./check.mjs";

/** Plays a trace on a reader and compares every byte; `progress.done` counts reads. */
export async function playTrace(reader, { file, trace, progress }) {
  await Promise.all(trace.lanes.map((steps) => playLane(reader, { file, steps, progress })));
}

async function playLane(reader, { file, steps, progress }) {
  for (const ranges of steps) {
    if (ranges.length === 1) {
      const [start, end] = ranges[0];
      const answer = reader.read(start, end);
      check(file, { start, end }, answer instanceof Promise ? await answer : answer);
    } else {
      const answers = await (reader.readMany?.(ranges) ??
        Promise.all(ranges.map(([start, end]) => reader.read(start, end))));
      for (const [index, [start, end]] of ranges.entries()) check(file, { start, end }, answers[index]);
    }
    progress.done += ranges.length;
  }
}
