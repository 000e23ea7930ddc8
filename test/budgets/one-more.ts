import { expect } from "vitest";
import type { PlannedSource } from "../../src/index.ts";

/**
 * Checks that no read of a member sends more than one request, what is fetched ahead included: a function to call after each. In a page a
 * request is counted some turns after it was asked for, mostly by the next read: there so many reads send so many requests at most.
 */
export function expectOneMore({ receipt }: PlannedSource): () => void {
  let most = receipt.requests;
  return () => {
    most++;
    expect(receipt.requests).toBeLessThanOrEqual(most);
    if (!("document" in globalThis)) most = receipt.requests;
  };
}
