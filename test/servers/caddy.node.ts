import { runServer, type ServerKind, type Site, type Variation, versionOf } from "./foreign-server.node.ts";

const WORDS: Partial<Record<Variation, string>> = {
  defaults: "",
  compressed: "encode {\n    gzip\n    minimum_length 1\n    match header Content-Type *\n  }",
};

interface LogLine {
  /** When it was logged, and how long the request took by then, in seconds. */
  readonly ts: number;
  readonly duration: number;
  readonly status: number;
  readonly request: {
    readonly method: string;
    readonly uri: string;
    readonly headers: { readonly Range?: readonly string[] };
  };
}

export const caddy: ServerKind = {
  name: "Caddy",
  package: "caddy",
  version: versionOf(["caddy", "version"], /v?(\d\S+)/),
  variations: ["defaults", "compressed"],
  start: (files, variation = "defaults") =>
    runServer(files, (site) => ({
      command: ["caddy", "run", "--config", `${site.folder}/config`, "--adapter", "caddyfile"],
      config: configuration(site, WORDS[variation] ?? ""),
      // It would look for certificates and its last configuration in the home of whoever runs the tests.
      env: { HOME: site.folder, XDG_CONFIG_HOME: site.folder, XDG_DATA_HOME: site.folder },
      readLog: readLogLine,
      begun: (line) => {
        const { ts, duration }: LogLine = JSON.parse(line);
        return ts - duration;
      },
    })),
};

function readLogLine(line: string): string {
  const { status, request }: LogLine = JSON.parse(line);
  return [status, request.method, request.uri, ...(request.headers.Range ?? [])].join(" ");
}

function configuration({ root, port, log }: Site, words: string): string {
  return `
{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  root * ${root}
  log {
    output file ${log}
    format json
  }
  ${words}
  file_server
}
`;
}
