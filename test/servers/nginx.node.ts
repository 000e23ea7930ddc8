import { gzipSync } from "node:zlib";
import { runServer, type ServerKind, type Site, type Variation, versionOf } from "./foreign-server.node.ts";

const WORDS: Partial<Record<Variation, string>> = {
  defaults: "",
  compressed: "gzip on; gzip_types *; gzip_min_length 0;",
  "always-compressed": "gzip_static always;",
  "no-ranges": "max_ranges 0;",
  "one-range": "max_ranges 1;",
  "two-ranges": "max_ranges 2;",
};

export const nginx: ServerKind = {
  name: "nginx",
  package: "nginx",
  version: versionOf(["nginx", "-v"], /nginx\/(\S+)/),
  variations: ["defaults", "compressed", "always-compressed", "no-ranges", "one-range", "two-ranges"],
  start: (files, variation = "defaults") =>
    runServer(variation === "always-compressed" ? withEncoded(files) : files, (site) => ({
      command: ["nginx", "-p", site.folder, "-c", "config", "-e", "error.log"],
      config: configuration(site, WORDS[variation] ?? ""),
      readLog: (line) => line.replace(/ -$/, ""),
    })),
};

/** `gzip_static` serves what lies ready beside the file. */
function withEncoded(files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  const encoded = Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)] as const);
  return { ...files, ...Object.fromEntries(encoded) };
}

// Runs as whoever runs the tests. tcp_nopush off: with it on, nginx holds back the last piece of an answer for 200 ms.
function configuration({ folder, root, port, log }: Site, words: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join("\n  ");
  return `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 256; }
http {
  ${temporary}
  log_format asked '$status $request_method $request_uri $http_range';
  access_log ${log} asked;
  sendfile on;
  tcp_nopush off;
  default_type application/octet-stream;
  types { text/plain txt; }
  server {
    listen 127.0.0.1:${port};
    root ${root};
    ${words}
  }
}
`;
}
