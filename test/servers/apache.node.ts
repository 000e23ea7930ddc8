import { existsSync } from "node:fs";
import { runServer, type ServerKind, type Site, type Variation, versionOf } from "./foreign-server.node.ts";

/** Where Debian's package has its modules. */
const MODULES = "/usr/lib/apache2/modules";

const WORDS: Partial<Record<Variation, string>> = {
  defaults: "",
  compressed: "SetOutputFilter DEFLATE",
  "always-compressed": "SetOutputFilter DEFLATE\nSetEnvIf Request_URI . force-gzip",
  "no-ranges": "MaxRanges none",
  "one-range": "MaxRanges 1",
};

export const apache: ServerKind = {
  name: "Apache",
  package: "apache2",
  version: existsSync(MODULES) ? versionOf(["apache2", "-v"], /Apache\/(\S+)/) : undefined,
  variations: ["defaults", "compressed", "always-compressed", "no-ranges", "one-range"],
  start: (files, variation = "defaults") =>
    runServer(files, (site) => ({
      command: ["apache2", "-f", `${site.folder}/config`, "-DFOREGROUND"],
      config: configuration(site, WORDS[variation] ?? ""),
      readLog: (line) => line.replace(/^\d+ /, "").replace(/ -$/, ""),
      begun: (line) => Number.parseInt(line, 10),
    })),
};

// Apache refuses to serve as root: started by root, it serves as nobody.
function configuration({ folder, root, port, log }: Site, words: string): string {
  const modules = ["mpm_event", "authz_core", "filter", "deflate", "setenvif", "mime"];
  return `
ServerRoot ${folder}
ServerName 127.0.0.1
DefaultRuntimeDir ${folder}
PidFile ${folder}/apache.pid
Listen 127.0.0.1:${port}
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${process.getuid?.() === 0 ? "User #65534\nGroup #65534" : ""}
StartServers 1
ServerLimit 1
ThreadsPerChild 25
MaxRequestWorkers 25
MinSpareThreads 1
MaxSpareThreads 25
ErrorLog ${folder}/error.log
LogFormat "%{begin:usec}t %>s %m %U%q %{Range}i" asked
CustomLog ${log} asked
TypesConfig /dev/null
AddType text/plain .txt
AddType application/octet-stream .bin
DocumentRoot ${root}
<Directory ${root}>
  Require all granted
  ${words}
</Directory>
`;
}
