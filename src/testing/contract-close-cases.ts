import { isRangeStreamsError } from "../errors.ts";
import type { Source } from "../source/source.ts";
import { assert, assertBytes, assertRejects, describe } from "./contract-assert.ts";
import type { SourceCase, SourceCaseOptions } from "./source-case.ts";

/** What closing means. */
export function closeCases({ bytes }: SourceCaseOptions): SourceCase[] {
  return [
    { name: "after close, reads and streams are CLOSED", check: (s) => checkClosed(s, () => s.close()) },
    {
      name: "leaving an `await using` closes",
      check: (source) => checkClosed(source, () => source[Symbol.asyncDispose]()),
    },
    { name: "closing twice, even at once, is fine", check: checkTwice },
    { name: "a read in progress at close is CLOSED, or had its bytes", check: (s) => checkPending(s, bytes) },
    { name: "a stream in progress at close is CLOSED", check: (s) => checkStreaming(s, bytes) },
  ];
}

async function checkClosed(source: Source, close: () => PromiseLike<void>): Promise<void> {
  await source.read([0, 1]);
  await close();
  await assertRejects(source.read([0, 1]), "CLOSED", "a read after close");
  await assertRejects(source.stream([0, 1]).getReader().read(), "CLOSED", "a stream after close");
}

async function checkTwice(source: Source): Promise<void> {
  await Promise.all([source.close(), source.close()]);
  await source.close();
}

async function checkPending(source: Source, bytes: Uint8Array): Promise<void> {
  const reading = source.read([0]).catch((error: unknown) => error);
  await source.close();
  const outcome = await reading;
  if (isRangeStreamsError(outcome, "CLOSED")) return;
  assert(outcome instanceof Uint8Array, `A read in progress at close gave ${describe(outcome)}`);
  assertBytes(outcome, bytes, "a read in progress at close");
}

async function checkStreaming(source: Source, bytes: Uint8Array): Promise<void> {
  const begun = source.stream().getReader();
  const unread = source.stream().getReader();
  const first = await begun.read();
  await source.close();
  await assertRejects(unread.read(), "CLOSED", "an unread stream after close");
  const next = await begun.read().catch((error: unknown) => error);
  const ended = first.value?.length === bytes.length && (next as { done?: boolean }).done === true;
  const seen = `A stream in progress at close went on with ${describe(next)}`;
  assert(isRangeStreamsError(next, "CLOSED") || ended, seen);
}
