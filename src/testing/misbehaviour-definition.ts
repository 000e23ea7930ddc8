import type { Exchange } from "./exchange.ts";

/** A change of an exchange: of what is asked, before the honest answer is made, or of the answer, after. */
export interface ExchangeChange {
  ask?(exchange: Exchange): void;
  answer?(exchange: Exchange): void;
}

/** The numbers and texts that a rule may give; each misbehaviour says which it reads. */
export interface MisbehaviourSettings {
  /** Bytes: how many, or after how many. */
  bytes?: number;
  /** Milliseconds. */
  ms?: number;
  /** A status code. */
  status?: number;
  /** The value of a header. */
  value?: string;
  /** The Retry-After field. */
  retryAfter?: string;
  /** Where a redirect leads; may be relative. */
  location?: string;
  /** How many at a time. */
  limit?: number;
}

/** One misbehaviour: how it changes an exchange, and from which matching request on, where that is not the first. */
export interface MisbehaviourDefinition {
  change(settings: MisbehaviourSettings): ExchangeChange;
  /** Matching requests answered honestly first, unless the rule says otherwise. Default 0. */
  after?: number;
  /** How often it applies, unless the rule says otherwise. Default: always. */
  times?: number;
}

/** A misbehaviour that changes what is asked or what it is answered from, before the honest answer is made. */
export function asking(
  ask: (exchange: Exchange, settings: MisbehaviourSettings) => void,
): MisbehaviourDefinition {
  return { change: (settings) => ({ ask: (exchange) => ask(exchange, settings) }) };
}

/** A misbehaviour that changes the honest answer. */
export function answering(
  answer: (exchange: Exchange, settings: MisbehaviourSettings) => void,
): MisbehaviourDefinition {
  return { change: (settings) => ({ answer: (exchange) => answer(exchange, settings) }) };
}
