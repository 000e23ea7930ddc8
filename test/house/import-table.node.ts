import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.node.ts";

/** The doors row's cell: all rooms, but not the command. */
const ANY_ROOM = "any room but `cli/`";

/** What ARCHITECTURE.md permits: to each room (as the table writes it, `ranges/` or `open.ts`) what it may import. */
export function readImportTable(): Map<string, ReadonlySet<string>> {
  const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const section = page.split("\n## ").find((text) => text.startsWith("Import table")) ?? "";
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .slice(1)
    .filter(([, room]) => room !== "---");
  const table = new Map<string, ReadonlySet<string>>();
  const rooms = rows.flatMap(([, cell = ""]) => names(cell));
  for (const [, cell = "", , permitted = ""] of rows) {
    const allowed = permitted === ANY_ROOM ? rooms.filter((room) => room !== "cli/") : names(permitted);
    for (const room of names(cell)) table.set(room, new Set(allowed));
  }
  return table;
}

function names(cell: string): string[] {
  const quoted = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  return /\bdoors\b/.test(cell) ? ["doors", ...quoted] : quoted;
}
