import { pooledHttp } from "./pooled-http.mjs";

/** One request of node:http a read; nothing is kept. */
export function openReader(url) {
  const http = pooledHttp(url);
  return { read: (start, end) => http.get(start, end), close: http.close };
}
