/** What `console.log` of Node, Deno and Bun looks for on an object. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** How a value stands beside its range: strings quoted, everything else as it prints itself. */
export function formatValue(value: unknown): string {
  if (typeof value === "string") return `'${value}'`;
  if (
    typeof value === "object" &&
    value !== null &&
    INSPECT in value &&
    typeof value[INSPECT] === "function"
  ) {
    return String(value[INSPECT]());
  }
  return String(value);
}
