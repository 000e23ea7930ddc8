import type { Source } from "../source/source.ts";
import { assert, assertBytes, assertRejectsWith, describe } from "./contract-assert.ts";
import type { SourceCase, SourceCaseOptions } from "./source-case.ts";

/** What an abort does, and what it does not. */
export function abortCases({ bytes }: SourceCaseOptions): SourceCase[] {
  return [
    { name: "a read whose signal has aborted rejects with the reason itself", check: checkAbortedBefore },
    {
      name: "a read that is aborted rejects with the reason itself, or had its bytes already",
      check: (source) => checkAbortedDuring(source, bytes),
    },
    {
      name: "an aborted read hurts no other read, even of the same bytes",
      check: (s) => checkOthers(s, bytes),
    },
    { name: "an aborted read is not remembered: the next one succeeds", check: (s) => checkAgain(s, bytes) },
    { name: "a stream whose signal has aborted fails with the reason itself", check: checkStreamBefore },
    {
      name: "a stream that is aborted fails with the reason itself",
      check: (s) => checkStreamDuring(s, bytes),
    },
  ];
}

async function checkAbortedBefore(source: Source): Promise<void> {
  for (const reason of [new Error("enough"), "enough", undefined]) {
    const signal = AbortSignal.abort(reason);
    await assertRejectsWith(source.read([0, 10], { signal }), signal.reason, `read, aborted with ${reason}`);
  }
}

async function checkAbortedDuring(source: Source, bytes: Uint8Array): Promise<void> {
  const aborts: ((abort: () => void) => void)[] = [
    (abort) => abort(),
    (abort) => queueMicrotask(abort),
    (abort) => setTimeout(abort, 1),
  ];
  for (const [index, schedule] of aborts.entries()) {
    const controller = new AbortController();
    const reason = new Error(`enough, ${index}`);
    const reading = source.read([index], { signal: controller.signal });
    schedule(() => controller.abort(reason));
    const outcome = await reading.catch((error: unknown) => error);
    if (outcome === reason) continue;
    assert(outcome instanceof Uint8Array, `An aborted read gave ${describe(outcome)}`);
    assertBytes(outcome, bytes.subarray(index), "a read that was aborted too late");
  }
}

async function checkOthers(source: Source, bytes: Uint8Array): Promise<void> {
  const controller = new AbortController();
  const doomed = source.read([2, 50], { signal: controller.signal }).catch(() => undefined);
  const others = [source.read([2, 50]), source.read([2, 50], { signal: new AbortController().signal })];
  controller.abort(new Error("enough"));
  for (const bytesRead of await Promise.all(others)) {
    assertBytes(bytesRead, bytes.subarray(2, 50), "a read beside an aborted one");
  }
  await doomed;
}

async function checkAgain(source: Source, bytes: Uint8Array): Promise<void> {
  const controller = new AbortController();
  const doomed = source.read([2, 50], { signal: controller.signal }).catch(() => undefined);
  controller.abort(new Error("enough"));
  await doomed;
  assertBytes(await source.read([2, 50]), bytes.subarray(2, 50), "the read after an aborted one");
}

async function checkStreamBefore(source: Source): Promise<void> {
  const signal = AbortSignal.abort(new Error("enough"));
  const reader = source.stream([0], { signal }).getReader();
  await assertRejectsWith(reader.read(), signal.reason, "a stream, aborted before");
}

async function checkStreamDuring(source: Source, bytes: Uint8Array): Promise<void> {
  const controller = new AbortController();
  const reason = new Error("enough");
  const reader = source.stream([0], { signal: controller.signal }).getReader();
  const first = await reader.read();
  controller.abort(reason);
  const all = first.value?.length === bytes.length;
  const next = await reader.read().catch((error: unknown) => error);
  const ended = all && (next as { done?: boolean }).done === true;
  assert(next === reason || ended, `An aborted stream went on with ${describe(next)}`);
  assertBytes(await source.read([0, 9]), bytes.subarray(0, 9), "a read after an aborted stream");
}
