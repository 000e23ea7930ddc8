// Takes the map of docs/pictures/ anew, of a real run of the built command against a range server on loopback: npm run pictures
import { spawn } from "node:child_process";
import { once } from "node:events";
import { makeSampleZip } from "../dist/cli/demo/sample-zip.js";
import { startRangeServer } from "../dist/testing.js";

const root = new URL("../", import.meta.url);
const server = await startRangeServer({ files: { "sample.zip": makeSampleZip() } });
const command = new URL("dist/cli/main.js", root).pathname;
const picture = new URL("docs/pictures/map.svg", root).pathname;
const args = [
  "map",
  `${server.url}/sample.zip`,
  "notes/day-07.txt",
  "photos/day-03.jpg",
  "--svg",
  picture,
  "--overwrite",
];
const child = spawn(process.execPath, [command, ...args], { stdio: "inherit" });
const [code] = await once(child, "close");
await server.close();
process.exitCode = code ?? 1;
