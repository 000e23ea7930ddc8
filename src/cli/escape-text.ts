/**
 * Characters that a terminal acts upon or that reorder a line: C0 and C1 controls, DEL, line separators, bidirectional marks,
 * embeddings and isolates.
 */
const UNSAFE: RegExp = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text of strangers for one line of a terminal: what would act upon it is written as `\u001b`. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, unicodeEscape);
}

/** A JSON document that is safe to look at in a terminal as well; it parses to the same value. With no indent it is one line. */
export function formatJson(value: unknown, indent = 2): string {
  // A line feed is the layout of the document itself: within strings JSON has escaped it already.
  return `${JSON.stringify(value, undefined, indent).replace(UNSAFE, (match) => (match === "\n" ? match : unicodeEscape(match)))}\n`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
