import { describe, expect, it } from "vitest";
import { isRangeStreamsError } from "../errors.ts";
import { latePiece } from "./late-piece.ts";

/** Fails as often as is said, and counts. */
function loader(
  failures: number,
  cause: unknown = new TypeError("offline"),
): { calls: number; load(): Promise<string> } {
  return {
    calls: 0,
    async load() {
      if (this.calls++ < failures) throw cause;
      return "piece";
    },
  };
}

describe("latePiece", () => {
  it("loads nothing before it is called, and then once", async () => {
    const counted = loader(0);
    const piece = latePiece(() => counted.load());
    expect(counted.calls).toBe(0);
    expect(await Promise.all([piece(), piece()])).toEqual(["piece", "piece"]);
    expect(await piece()).toBe("piece");
    expect(counted.calls).toBe(1);
  });

  it.each([new TypeError("offline"), new Error("at http://127.0.0.1:1/"), "thrown"])(
    "says that it may pass, and tries again when it is called again: %s",
    async (cause) => {
      const counted = loader(2, cause);
      const piece = latePiece(() => counted.load());
      for (let calls = 1; calls <= 2; calls++) {
        const [error, same] = await Promise.all(
          [piece(), piece()].map((each) => each.catch((said: unknown) => said)),
        );
        expect(same).toBe(error);
        expect(isRangeStreamsError(error, "NETWORK")).toBe(true);
        expect(error).toMatchObject({ retryable: true, cause });
        expect(counted.calls).toBe(calls);
      }
      expect(await piece()).toBe("piece");
      expect(counted.calls).toBe(3);
    },
  );
});
