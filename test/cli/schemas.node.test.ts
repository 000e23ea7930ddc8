import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildProgram } from "../../src/cli/program.ts";
import { run } from "../../src/cli/run.ts";
import { patternBytes, type RangeServer, startRangeServer } from "../../src/testing.ts";
import { root } from "../house/root.node.ts";
import { buildPng } from "../png/build-png.ts";
import { buildTar } from "../tar/build-tar.ts";
import { buildZip, text } from "../zip/build-zip.ts";

const SCHEMAS = join(root, "docs/schemas");
/** Verbs without a document of their own. */
const WITHOUT = ["completion", "explore"];

let server: RangeServer;
let folder: string;
let ajv: Ajv2020;
let names: string[];

beforeAll(async () => {
  const inner = buildTar([{ name: "a.txt", data: "a" }]);
  const zip = buildZip([
    { name: "notes.txt", data: text("notes\n"), method: 8 },
    { name: "inner.tar", data: inner },
    { name: "locked.zip", data: text("x"), flags: 0x801 },
  ]);
  const files = {
    "x.zip": zip,
    "x.tar": inner,
    "safe.zip": buildZip([{ name: "notes.txt", data: text("notes\n") }]),
    "x.png": buildPng({ width: 300, height: 2 }),
    "plain.zip": patternBytes(1000),
    "dated.bin": { bytes: patternBytes(1000), etag: null },
    empty: new Uint8Array(0),
  };
  server = await startRangeServer({ files });
  folder = await mkdtemp(join(tmpdir(), "range-streams-schemas-"));
  ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  names = (await readdir(SCHEMAS)).map((file) => file.replace(".schema.json", ""));
  for (const name of names) {
    ajv.addSchema(JSON.parse(await readFile(join(SCHEMAS, `${name}.schema.json`), "utf8")));
  }
});
afterAll(() => Promise.all([server.close(), rm(folder, { recursive: true })]));

function schema(id: string): ValidateFunction {
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`no schema ${id}`);
  return validate;
}

function expectValid(id: string, document: unknown): void {
  const validate = schema(id);
  validate(document);
  expect([id, validate.errors]).toEqual([id, null]);
}

async function runArgs(args: readonly string[]): Promise<{ text: string; notes: string }> {
  const chunks: string[] = [];
  const notes: string[] = [];
  const output = {
    write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data).toString()),
    note: (line: string) => void notes.push(line),
  };
  await run(args, "9.9.9", { output, signal: new AbortController().signal });
  return { text: chunks.join(""), notes: notes.join("\n") };
}

const PRINTED: [verb: string, ...args: string[]][] = [
  ["info", "x.png"],
  ["info", "plain.zip"],
  ["info", "dated.bin"],
  ["info", "empty", "--receipt"],
  ["ls", "x.zip"],
  ["ls", "x.zip", "-l", "--receipt"],
  ["ls", "x.zip", "-R"],
  ["ls", "x.tar", "-R", "-l"],
  ["get", "x.zip", "-o", "FOLDER/one"],
  ["get", "dated.bin", "-o", "FOLDER/two", "--receipt"],
  ["extract", "safe.zip", "-d", "FOLDER/out", "--receipt"],
  ["extract", "x.zip", "notes.txt", "-d", "FOLDER/more"],
  ["index", "x.zip"],
  ["index", "x.tar"],
  ["plan", "x.zip", "notes.txt"],
  ["plan", "empty", "--receipt"],
  ["map", "x.zip", "notes.txt", "--receipt"],
  ["map", "plain.zip"],
  ["doctor", "x.zip"],
  ["doctor", "x.zip", "--origin", "https://app.example", "--receipt"],
];

describe("documents and their schemas", () => {
  it("are there for every verb that prints one, and for no other", () => {
    const context = { output: { write: async () => undefined, note: () => undefined } };
    const program = buildProgram("0", { ...context, signal: new AbortController().signal }, () => undefined);
    const verbs = program.commands.map((command) => command.name());
    expect(names.filter((name) => name !== "common").sort()).toEqual(
      verbs.filter((verb) => !WITHOUT.includes(verb)).sort(),
    );
    for (const command of program.commands) {
      const has = command.options.some(({ long }) => long === "--json");
      expect([command.name(), has]).toEqual([command.name(), !WITHOUT.includes(command.name())]);
    }
  });

  it.each(PRINTED)("agree: %s %s %j", async (verb, name, ...args) => {
    const placed = args.map((arg) => arg.replace("FOLDER", folder));
    const { text: printed } = await runArgs([verb, `${server.url}/${name}`, ...placed, "--json"]);
    expectValid(`${verb}.schema.json`, JSON.parse(printed));
  });

  it("agree for lines, for receipts on standard error, and for the demo", async () => {
    for (const args of [["-l"], ["-R"], ["-R", "-l"]]) {
      const { text: lines } = await runArgs(["ls", `${server.url}/x.zip`, "--ndjson", ...args]);
      for (const line of lines.trimEnd().split("\n")) {
        expectValid("common.schema.json#/$defs/entry", JSON.parse(line));
      }
    }
    const both = ["--json", "--receipt"];
    for (const args of [["cat"], ["get", "-o", "-"], ["index"]]) {
      const [verb = "", ...rest] = args;
      const { notes } = await runArgs([verb, `${server.url}/safe.zip`, ...rest, ...both]);
      expectValid("cat.schema.json", JSON.parse(notes));
    }
    expectValid("demo.schema.json", JSON.parse((await runArgs(["demo", "--json"])).text));
  });

  it("disagree with what is not so", () => {
    const validate = schema("cat.schema.json");
    expect([validate({}), validate({ receipt: {} }), validate({ receipt: null, more: 1 })]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
