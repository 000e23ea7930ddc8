import type { Exchange } from "./exchange.ts";
import { asking, type MisbehaviourDefinition } from "./misbehaviour-definition.ts";
import { isReversed, parseRangeField, placeSpec, rangeFieldOf, type Span } from "./range-field.ts";

/** Answers to something else than what was asked, with headers that say so truly. */
export type RangeMisbehaviour =
  | "ignores-range"
  | "wrong-range"
  | "short-range"
  | "superset-range"
  | "ignores-conditions";

/** Definitions of {@link RangeMisbehaviour}. */
export const rangeMisbehaviours: Record<RangeMisbehaviour, MisbehaviourDefinition> = {
  /** 200 with the whole file, although Accept-Ranges promises otherwise. */
  "ignores-range": asking((exchange) => {
    delete exchange.asked.headers["range"];
  }),
  /** A 206 of a span `bytes` later (default 1), or earlier where the file ends. */
  "wrong-range": asking((exchange, { bytes = 1 }) =>
    askInstead(exchange, (span, size) => shifted(span, bytes, size)),
  ),
  /** A legal 206 of only the first `bytes` (default half) of what was asked, at least one. */
  "short-range": asking((exchange, { bytes }) =>
    askInstead(exchange, ({ start, end }) => {
      const length = bytes ?? Math.floor((end - start) / 2);
      return { start, end: Math.min(end, start + Math.max(1, length)) };
    }),
  ),
  /** A 206 that begins and ends `bytes` (default 16) further out, within the file. */
  "superset-range": asking((exchange, { bytes = 16 }) =>
    askInstead(exchange, ({ start, end }, size) => ({
      start: Math.max(0, start - bytes),
      end: Math.min(size, end + bytes),
    })),
  ),
  /** Takes no notice of If-Match, If-Range and the other conditions. */
  "ignores-conditions": asking((exchange) => {
    for (const name of CONDITIONS) delete exchange.asked.headers[name];
  }),
};

const CONDITIONS = [
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
] as const;

function askInstead(exchange: Exchange, change: (span: Span, size: number) => Span): void {
  const size = exchange.file?.size ?? 0;
  const specs = parseRangeField(exchange.asked.headers["range"] ?? "");
  if (specs === undefined || specs === "malformed") return;
  const [spec] = specs;
  if (specs.length !== 1 || spec === undefined || isReversed(spec)) return;
  const span = placeSpec(spec, size);
  if (span.start < span.end) exchange.asked.headers["range"] = rangeFieldOf(change(span, size));
}

function shifted({ start, end }: Span, bytes: number, size: number): Span {
  if (end + bytes <= size) return { start: start + bytes, end: end + bytes };
  if (start >= bytes) return { start: start - bytes, end: end - bytes };
  // The whole file was asked for: its second half is as wrong as a 206 can be.
  return { start: Math.min(end - 1, Math.ceil((start + end) / 2)), end };
}
