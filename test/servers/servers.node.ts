import { apache } from "./apache.node.ts";
import { caddy } from "./caddy.node.ts";
import type { ServerKind } from "./foreign-server.node.ts";
import { lighttpd } from "./lighttpd.node.ts";
import { nginx } from "./nginx.node.ts";
import { pythonHttpServer } from "./python-http-server.node.ts";

/** Every server that tests run against where it is installed. */
export const servers: readonly ServerKind[] = [nginx, apache, lighttpd, caddy, pythonHttpServer];

/** Says before the tests which servers they will do without (vitest calls it once). */
export function setup(): void {
  for (const { name, package: wanted, version } of servers) {
    if (version === undefined)
      console.log(`not tested: ${name}, which is not installed (apt-get install ${wanted})`);
  }
}
