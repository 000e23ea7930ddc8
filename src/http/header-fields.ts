/**
 * The fields of a response, by case-insensitive name; a repeated field comes joined by `, ` (RFC 9110 section 5.3). The
 * platform's `Headers` is one.
 */
export interface HeaderFields {
  get(name: string): string | null;
}
