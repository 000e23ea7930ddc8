import { expect } from "vitest";
import { Engine, type EngineParts } from "../../src/engine/engine.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { ImitatedWire, type ImitatedWireOptions, wireBytes } from "./imitated-wire.ts";

const MiB = 1024 * 1024;

export type ImitatedOptions = ImitatedWireOptions &
  Partial<Pick<EngineParts, "cacheBytes" | "mayHoldBytes" | "policy" | "maxBytes" | "stored">>;

/** An engine over an imitated wire, with the defaults of `openSource` but no opening. */
export function openImitated(options: ImitatedOptions): { wire: ImitatedWire; engine: Engine } {
  const wire = new ImitatedWire(options);
  const {
    cacheBytes = 64 * MiB,
    policy = "balanced",
    maxBytes = Number.POSITIVE_INFINITY,
    mayHoldBytes,
    stored,
  } = options;
  const parts = {
    source: wire,
    meter: wire.meter,
    owned: true,
    cacheBytes,
    policy,
    maxBytes,
    mayHoldBytes,
    stored,
  };
  return { wire, engine: new Engine(parts) };
}

export function expectWireBytes(got: Uint8Array | undefined, start: number, end: number): void {
  expect(got).toBeDefined();
  expectSameBytes(got as Uint8Array, wireBytes(start, end));
}
