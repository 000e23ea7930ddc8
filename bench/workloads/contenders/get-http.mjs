import { pooledHttp } from "./pooled-http.mjs";

/** The whole file by one GET of node:http. */
export function openDownload(url) {
  const http = pooledHttp(url);
  return { download: (onChunk) => http.getAll(onChunk), close: http.close };
}
