import { expect } from "vitest";
import { Engine, type EngineParts } from "../../src/engine/engine.ts";
import type { OpeningBody } from "../../src/engine/flow-set.ts";
import { wireStore } from "../../src/engine/stored-body.ts";
import { Range } from "../../src/ranges/range.ts";
import type { Bytes } from "../../src/source/source.ts";
import type { StoredBytes } from "../../src/store/stored-bytes.ts";
import { expectSameBytes } from "../same-bytes.ts";
import { ImitatedWire, type ImitatedWireOptions, wireBytes } from "./imitated-wire.ts";

const MiB = 1024 * 1024;

export type ImitatedOptions = ImitatedWireOptions &
  Partial<Pick<EngineParts, "cacheBytes" | "mayHoldBytes" | "policy" | "maxBytes">> & {
    stored?: StoredBytes | undefined;
  };

/** An engine over an imitated wire, with the defaults of `openSource` but no opening. */
export function openImitated(options: ImitatedOptions): { wire: ImitatedWire; engine: Engine } {
  const wire = new ImitatedWire(options);
  return { wire, engine: engineOver(wire, options) };
}

/** As `openSource` opens a URL: its first request asks for `probe`, and what that brings is held. */
export async function openProbed(
  options: ImitatedOptions,
  [start, end]: readonly [start: number, end: number] = [0, 32 * 1024],
): Promise<{ wire: ImitatedWire; engine: Engine }> {
  const wire = new ImitatedWire(options);
  const range = new Range(start, end);
  const body = {
    async readWithin(): Promise<Bytes> {
      wire.meter.requests++;
      wire.meter.received(range);
      return wireBytes(start, end);
    },
    cancel: () => undefined,
  };
  const engine = engineOver(wire, options, { range, body });
  await engine.holdOpening(undefined);
  return { wire, engine };
}

function engineOver(wire: ImitatedWire, options: ImitatedOptions, opening?: OpeningBody): Engine {
  const { cacheBytes = 64 * MiB, policy = "balanced", maxBytes = Number.POSITIVE_INFINITY } = options;
  const { mayHoldBytes } = options;
  const stored = options.stored === undefined ? undefined : wireStore(options.stored);
  const parts = { source: wire, meter: wire.meter, owned: true, cacheBytes, policy, maxBytes };
  return new Engine({ ...parts, mayHoldBytes, stored, opening });
}

export function expectWireBytes(got: Uint8Array | undefined, start: number, end: number): void {
  expect(got).toBeDefined();
  expectSameBytes(got as Uint8Array, wireBytes(start, end));
}
