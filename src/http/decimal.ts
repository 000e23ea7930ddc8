/**
 * A non-negative decimal integer, digits only: no sign, no blank, no exponent. `undefined` for anything else and for
 * what a number cannot hold exactly (above 2^53 − 1). Leading zeros are harmless and accepted (RFC 9110 section 8.6 allows any
 * `1*DIGIT`). Linear in the text, whatever its length.
 */
export function parseDecimal(text: string): number | undefined {
  if (text.length === 0) return undefined;
  let value = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return value;
}
