/** What a file says of itself. Texts are those of strangers. */
export interface FileFacts {
  /** Of an image or the first video track, in pixels as stored. Both are given, or none; neither is 0. */
  readonly width?: number;
  readonly height?: number;
  /** By name, units in the name. */
  readonly details?: Details;
  /** Why more is not told. */
  readonly note?: string;
}

export type Details = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Dimensions, left out where one is 0: then the file does not tell them. */
export function dimensions(width: number, height: number): Pick<FileFacts, "width" | "height" | "note"> {
  return width > 0 && height > 0 ? { width, height } : { note: "it tells no dimensions" };
}

/** Names whose value is known. */
export function known(
  details: Readonly<Record<string, Details[string] | undefined>>,
): Pick<FileFacts, "details"> {
  const found = Object.entries(details).filter((entry): entry is [string, Details[string]] => {
    const [, value] = entry;
    return value !== undefined && (typeof value !== "number" || Number.isFinite(value));
  });
  return found.length === 0 ? {} : { details: Object.fromEntries(found) };
}
