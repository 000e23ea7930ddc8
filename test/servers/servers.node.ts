import { apache } from "./apache.node.ts";
import { caddy } from "./caddy.node.ts";
import { type ServerKind, versionOf } from "./foreign-server.node.ts";
import { lighttpd } from "./lighttpd.node.ts";
import { nginx } from "./nginx.node.ts";
import { pythonHttpServer } from "./python-http-server.node.ts";

/** Every server that tests run against where it is installed. */
export const servers: readonly ServerKind[] = [nginx, apache, lighttpd, caddy, pythonHttpServer];

/** What makes and reads archives. */
export const tools: readonly Pick<ServerKind, "name" | "package" | "version">[] = [
  { name: "zip", package: "zip", version: versionOf(["zip", "-v"], /Zip (\S+)/) },
  { name: "unzip", package: "unzip", version: versionOf(["unzip", "-v"], /UnZip (\S+)/) },
];

/** Says before the tests what they will do without (vitest calls it once). */
export function setup(): void {
  for (const { name, package: wanted, version } of [...servers, ...tools]) {
    if (version === undefined)
      console.log(`not tested: ${name}, which is not installed (apt-get install ${wanted})`);
  }
}
