/** Which names are refused beside those that are dangerous everywhere. */
export interface NameRules {
  /** What means something else on Windows: drive letters, backslashes, colons, reserved names, dots and spaces at the end. */
  readonly portable: boolean;
  /** Characters that no name may hold on Windows. */
  readonly windows: boolean;
  /** `./` in front, as tar writes it for a file in the folder it was called in, is left out. */
  readonly dotSlash: boolean;
}

/** A path of parts below the directory, or why it is none. No parts are the directory itself. */
export type SafePath =
  | { readonly parts: readonly string[]; readonly reason?: undefined }
  | { readonly reason: string };

/** What file systems take: 255 bytes (ext4, XFS, Btrfs) or as many UTF-16 units (NTFS, APFS), which are never more than bytes. */
const MAX_PART_BYTES = 255;
/** What extraction itself makes in the directory begins so. */
export const OWN_PREFIX = ".range-streams-";

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** Embeddings, overrides and isolates (UAX #9 section 2): `exe.gpj` would be shown as `jpg.exe` backwards. */
const BIDIRECTIONAL = /[\u202a-\u202e\u2066-\u2069]/;
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Devices of Windows, whatever follows a dot ("Naming Files, Paths, and Namespaces"). */
const RESERVED =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;
const WINDOWS_ILLEGAL = /[<>"|?*]/;

/** Takes the name of a member apart, which may hold anything. Pure. */
export function resolvePath(name: string, rules: NameRules): SafePath {
  const reason = wrongText(name, rules);
  if (reason !== undefined) return { reason };
  const relative = rules.dotSlash ? name.replace(/^(?:\.\/+)+/, "").replace(/^\.$/, "") : name;
  if (relative === "") return { parts: [] };
  const parts = withoutSlash(relative).split("/");
  for (const part of parts) {
    const wrong = wrongPart(part, rules);
    if (wrong !== undefined) return { reason: wrong };
  }
  return { parts };
}

/**
 * Where a symlink in the directory `folder` leads, if that is inside and stays there whatever other links the archive makes: its `..`
 * come first, as one behind a name could climb out of what that name links to.
 */
export function resolveTarget(target: string, folder: readonly string[], rules: NameRules): SafePath {
  const reason = wrongText(target, rules);
  if (reason !== undefined) return { reason: `a link to ${reason}` };
  // What stands for bytes that are no UTF-8: what is meant is not known.
  if (target.includes("\ufffd")) return { reason: "a link to a name that is no text" };
  const steps = withoutSlash(target)
    .split("/")
    .filter((part) => part !== ".");
  const up = steps.findIndex((part) => part !== "..");
  const climbs = up === -1 ? steps.length : up;
  const names = steps.slice(climbs);
  if (climbs > folder.length) return { reason: "a link that leads out of the directory" };
  if (names.some((part) => part === "" || part === ".."))
    return { reason: "a link with .. or nothing behind a name" };
  return { parts: [...folder.slice(0, folder.length - climbs), ...names] };
}

/**
 * The same for two names that are one on some file system: those that tell no case (NTFS, APFS), compose characters (HFS+) or leave some
 * out. It goes rather too far (`straße` is `strasse`) than not far enough.
 */
export function foldName(part: string): string {
  const visible = part.replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "");
  return visible.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}

function withoutSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** Why a name or a target as a whole is refused. */
function wrongText(text: string, { portable, windows }: NameRules): string | undefined {
  if (text === "") return "no name at all";
  if (CONTROL.test(text)) return "a name with a control character";
  if (BIDIRECTIONAL.test(text)) return "a name that is shown in another order";
  if (LONE_SURROGATE.test(text)) return "a name that is no text";
  if (text.startsWith("/")) return "an absolute path";
  if (!portable && !windows) return undefined;
  if (text.includes("\\")) return "a backslash, which separates folders on Windows";
  return text.includes(":") ? "a colon, which names a drive or a stream on Windows" : undefined;
}

function wrongPart(part: string, { portable, windows }: NameRules): string | undefined {
  if (part === "") return "two slashes in a row";
  if (part === ".") return "a dot for a folder";
  if (part === "..") return "a path that climbs out (..)";
  if (new TextEncoder().encode(part).length > MAX_PART_BYTES)
    return `a name of more than ${MAX_PART_BYTES} bytes`;
  if (foldName(part).startsWith(OWN_PREFIX))
    return `a name that begins with ${OWN_PREFIX}, as what extraction keeps does`;
  if (windows && WINDOWS_ILLEGAL.test(part)) return "a character that Windows does not take";
  if (!portable && !windows) return undefined;
  if (/[. ]$/.test(part)) return "a dot or a space at the end, which Windows leaves out";
  return RESERVED.test(part) ? "a name that is a device on Windows" : undefined;
}
