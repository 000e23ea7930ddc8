import { RangeStreamsError } from "../errors.ts";
import { type AnswerMisbehaviour, answerMisbehaviours } from "./answer-misbehaviours.ts";
import { type DeliveryMisbehaviour, deliveryMisbehaviours } from "./delivery-misbehaviours.ts";
import type { Exchange, RequestRecord } from "./exchange.ts";
import { type FileMisbehaviour, fileMisbehaviours } from "./file-misbehaviours.ts";
import type {
  ExchangeChange,
  MisbehaviourDefinition,
  MisbehaviourSettings,
} from "./misbehaviour-definition.ts";
import { type RangeMisbehaviour, rangeMisbehaviours } from "./range-misbehaviours.ts";
import { type StatusMisbehaviour, statusMisbehaviours } from "./status-misbehaviours.ts";

/** What a range server can do wrong, by name; each is described where it is defined. */
export type MisbehaviourName =
  | FileMisbehaviour
  | RangeMisbehaviour
  | AnswerMisbehaviour
  | StatusMisbehaviour
  | DeliveryMisbehaviour;

const definitions: Record<MisbehaviourName, MisbehaviourDefinition> = {
  ...fileMisbehaviours,
  ...rangeMisbehaviours,
  ...answerMisbehaviours,
  ...statusMisbehaviours,
  ...deliveryMisbehaviours,
};

/** Every name, for tables of tests. */
export const misbehaviourNames: readonly MisbehaviourName[] = Object.keys(definitions) as MisbehaviourName[];

/** A misbehaviour with its settings, and which requests it meets. */
export interface MisbehaviourRule extends MisbehaviourSettings {
  /** Which misbehaviour. */
  name: MisbehaviourName;
  /** How many matching requests are answered honestly first. Default 0, unless the misbehaviour says otherwise. */
  after?: number;
  /** How many matching requests it then applies to. Default: all, unless the misbehaviour says otherwise. */
  times?: number;
  /** Only requests of this method match. Preflights match only where this is `OPTIONS`. */
  method?: string;
  /** Only requests for this path, as sent, match. */
  path?: string;
  /** Only requests for which this is true match. */
  on?(request: RequestRecord): boolean;
}

/**
 * A name; a name with settings; or a function that is handed every exchange, honestly answered, and may change anything.
 * Several compose: they change first what is asked, then, in the order given, the answer.
 */
export type Misbehaviour = MisbehaviourName | MisbehaviourRule | ((exchange: Exchange) => void);

/** Gives, for each exchange in turn, the changes that apply to it; counts what `after` and `times` need. */
export function startMisbehaving(
  misbehave: Misbehaviour | readonly Misbehaviour[] = [],
): (exchange: Exchange) => ExchangeChange[] {
  const list = Array.isArray(misbehave)
    ? (misbehave as readonly Misbehaviour[])
    : [misbehave as Misbehaviour];
  const selectors = list.map(startOne);
  return (exchange) => selectors.flatMap((select) => select(exchange) ?? []);
}

function startOne(misbehaviour: Misbehaviour): (exchange: Exchange) => ExchangeChange | undefined {
  if (typeof misbehaviour === "function") return () => ({ answer: misbehaviour });
  const rule: MisbehaviourRule = typeof misbehaviour === "string" ? { name: misbehaviour } : misbehaviour;
  if (!Object.hasOwn(definitions, rule.name)) throw unknownName(rule.name);
  const definition = definitions[rule.name];
  const change = definition.change(rule);
  const first = rule.after ?? definition.after ?? 0;
  const times = rule.times ?? definition.times ?? Number.POSITIVE_INFINITY;
  let seen = 0;
  return ({ request }) => {
    if (!matches(rule, request)) return undefined;
    const index = seen++;
    return index >= first && index < first + times ? change : undefined;
  };
}

function matches(rule: MisbehaviourRule, request: RequestRecord): boolean {
  if (rule.method === undefined ? request.method === "OPTIONS" : rule.method !== request.method) return false;
  if (rule.path !== undefined && rule.path !== request.path) return false;
  return rule.on?.(request) ?? true;
}

function unknownName(name: string): RangeStreamsError {
  return new RangeStreamsError(
    "INVALID_ARGUMENT",
    `Asked for the misbehaviour '${name}', which does not exist; the names are ${misbehaviourNames.join(", ")}`,
  );
}
