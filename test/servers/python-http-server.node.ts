import { runServer, type ServerKind, versionOf } from "./foreign-server.node.ts";

/** It says on standard error what it was asked, and nothing of ranges, which it does not know. */
const LOGGED = /"(GET|HEAD) (\S+) HTTP\/[\d.]+" (\d{3})/;

export const pythonHttpServer: ServerKind = {
  name: "python3 -m http.server",
  package: "python3",
  version: versionOf(["python3", "--version"], /Python (\S+)/),
  variations: ["defaults"],
  start: (files) =>
    runServer(files, ({ root, port, log }) => ({
      // One process after `exec`, so that it is Python that is ended.
      command: [
        "sh",
        "-c",
        `exec python3 -u -m http.server ${port} --bind 127.0.0.1 --directory "$0" 2>"$1"`,
        root,
        log,
      ],
      readLog: (line) => {
        const [, method, path, status] = LOGGED.exec(line) ?? [];
        return [status, method, path].join(" ");
      },
    })),
};
