/** What `console.log` of Node, Deno and Bun looks for on an object. */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/**
 * How a value stands beside its range, the same in every runtime: strings quoted, bytes by their number, what has a `toString` of
 * its own by that, other objects by their fields. A foreign `INSPECT` is not called: those of fetch fail without Node's options.
 */
export function formatValue(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`;
  const { toString } = value;
  if (typeof toString === "function" && toString !== Object.prototype.toString)
    return String(toString.call(value));
  const tag = Object.prototype.toString.call(value);
  return tag === "[object Object]" ? formatFields(value) : tag;
}

/** One level deep, as a deeper one may be circular. */
function formatFields(object: object): string {
  const fields = Object.entries(object).map(([key, field]) => {
    return `${key}: ${typeof field === "object" && field !== null ? "[Object]" : formatValue(field)}`;
  });
  const className = object.constructor?.name ?? "Object";
  const prefix = className === "Object" ? "" : `${className} `;
  return fields.length === 0 ? `${prefix}{}` : `${prefix}{ ${fields.join(", ")} }`;
}

function quote(text: string): string {
  const quoted = JSON.stringify(text);
  return text.includes("'") ? quoted : `'${quoted.slice(1, -1).replaceAll('\\"', '"')}'`;
}
