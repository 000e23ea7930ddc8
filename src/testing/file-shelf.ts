import { type FileContent, type ServedFile, serveFile } from "./served-file.ts";

// Files are dated a minute back, so that Last-Modified is a strong validator at once (RFC 9110 section 8.8.2.2).
const AGE_MS = 60_000;

/** The files of one server by name, each replaceable while it runs. */
export interface FileShelf {
  get(name: string): Promise<ServedFile> | undefined;
  put(name: string, content: FileContent): void;
  remove(name: string): void;
}

/** A shelf that holds `initial`. */
export function fileShelf(initial: Record<string, FileContent>): FileShelf {
  const started = Date.now() - AGE_MS;
  const versions = new Map<string, number>();
  const shelf = new Map<string, Promise<ServedFile>>();
  const put = (name: string, content: FileContent) => {
    const version = (versions.get(name) ?? -1) + 1;
    versions.set(name, version);
    // Each version is a second younger than the one before, so that dates tell versions apart.
    shelf.set(name, serveFile(content, { name, version, lastModified: started + version * 1000 }));
  };
  for (const [name, content] of Object.entries(initial)) put(name, content);
  return { get: (name) => shelf.get(name), put, remove: (name) => shelf.delete(name) };
}
