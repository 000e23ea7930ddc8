import { runServer, type ServerKind, type Site, type Variation, versionOf } from "./foreign-server.node.ts";

const WORDS: Partial<Record<Variation, string>> = {
  defaults: "",
  compressed:
    'deflate.mimetypes = ("text/", "application/")\ndeflate.allowed-encodings = ("gzip", "deflate")',
  "no-ranges": 'server.range-requests = "disable"',
};

export const lighttpd: ServerKind = {
  name: "lighttpd",
  package: "lighttpd",
  version: versionOf(["lighttpd", "-v"], /lighttpd\/(\S+)/),
  variations: ["defaults", "compressed", "no-ranges"],
  start: (files, variation = "defaults") =>
    runServer(files, (site) => ({
      command: ["lighttpd", "-D", "-f", `${site.folder}/config`],
      config: configuration(site, WORDS[variation] ?? ""),
      readLog: (line) => line.replace(/ -$/, ""),
    })),
};

function configuration({ root, port, log }: Site, words: string): string {
  // Logged through a pipe, since a file would be written with a delay of seconds.
  return `
server.modules = ("mod_accesslog", "mod_deflate")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${root}"
mimetype.assign = (".txt" => "text/plain", "" => "application/octet-stream")
accesslog.filename = "|cat >> ${log}"
accesslog.format = "%s %m %U?%q %{Range}i"
${words}
`;
}
