import { bodyLength, hasBody } from "./answer-misbehaviours.ts";
import { type Exchange, setHeader } from "./exchange.ts";
import { answering, type MisbehaviourDefinition } from "./misbehaviour-definition.ts";

/** The right answer, badly delivered. */
export type DeliveryMisbehaviour =
  | "short-body"
  | "drops-mid-body"
  | "drops-before-headers"
  | "stalls"
  | "silent"
  | "slow-headers"
  | "slow-first-byte"
  | "trickles"
  | "chunked"
  | "close-delimited"
  | "connection-close";

/** Definitions of {@link DeliveryMisbehaviour}. */
export const deliveryMisbehaviours: Record<DeliveryMisbehaviour, MisbehaviourDefinition> = {
  /** An orderly end of the connection after `bytes` (default half) of the body; Content-Length promised all. */
  "short-body": answering((exchange, { bytes }) => cutBody(exchange, "end", bytes)),
  /** A reset of the connection after `bytes` (default half) of the body. */
  "drops-mid-body": answering((exchange, { bytes }) => cutBody(exchange, "reset", bytes)),
  /** A reset instead of an answer. */
  "drops-before-headers": answering(({ delivery }) => {
    delivery.cut = { at: "headers", how: "reset" };
  }),
  /** Nothing more after `bytes` (default half) of the body; 0 is after the headers. The connection stays open. */
  stalls: answering((exchange, { bytes }) => cutBody(exchange, "stall", bytes)),
  /** Never answers. The connection stays open. */
  silent: answering(({ delivery }) => {
    delivery.cut = { at: "headers", how: "stall" };
  }),
  /** `ms` (default 300) until the status line. */
  "slow-headers": answering(({ delivery }, { ms = 300 }) => {
    delivery.headersDelayMs += ms;
  }),
  /** Headers at once, the first byte of the body `ms` (default 300) later. */
  "slow-first-byte": answering(({ delivery }, { ms = 300 }) => {
    delivery.bodyDelayMs += ms;
  }),
  /** `bytes` (default 1) at a time, `ms` (default 5) apart. */
  trickles: answering(({ delivery }, { bytes = 1, ms = 5 }) => {
    delivery.chunkBytes = bytes;
    delivery.chunkDelayMs = ms;
  }),
  /** Transfer-Encoding: chunked, no Content-Length. */
  chunked: answering(({ delivery }) => {
    delivery.framing = "chunked";
  }),
  /** No Content-Length: the end of the connection ends the body. */
  "close-delimited": answering(({ delivery }) => {
    delivery.framing = "close";
  }),
  /** Connection: close after every answer. */
  "connection-close": answering((exchange) => setHeader(exchange, "Connection", "close")),
};

function cutBody(exchange: Exchange, how: "end" | "reset" | "stall", bytes: number | undefined): void {
  if (!hasBody(exchange)) return;
  exchange.delivery.cut = { at: bytes ?? Math.floor(bodyLength(exchange) / 2), how };
}
