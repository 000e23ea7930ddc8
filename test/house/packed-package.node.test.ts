import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RangeServer, startRangeServer } from "../../src/testing/range-server.node.ts";
import { type Example, exampleFiles, findExamples, parseExamples } from "./examples.node.ts";
import { readDoors, readManifest } from "./manifest.node.ts";
import { type Consumer, installPackedPackage, type Outcome } from "./packed-package.node.ts";
import { root } from "./root.node.ts";

const { version } = readManifest();
const doors = readDoors().map(({ specifier }) => specifier);
/** Doors that need Node: files on disk, servers. */
const forNode = ["range-streams/node", "range-streams/testing"];
const dom = ["dom", "dom.iterable", "dom.asynciterable"];
const forBrowsers = doors.filter((door) => !forNode.includes(door));

let consumer: Consumer;
let server: RangeServer;

beforeAll(async () => {
  [consumer, server] = await Promise.all([
    installPackedPackage(),
    startRangeServer({ files: exampleFiles() }),
  ]);
}, 120_000);

afterAll(async () => {
  consumer.remove();
  await server.close();
});

describe("the packed package", { timeout: 60_000 }, () => {
  test("holds its code, types, sources, the explorer's page and licence, and no tests", () => {
    const held = ["dist/index.js", "dist/index.d.ts", "dist/explorer/index.html", "src/index.ts"];
    const missing = [...held, "LICENSE", "ARCHITECTURE.md"].filter((name) => !consumer.packed.includes(name));
    expect(missing).toEqual([]);
    expect(consumer.packed.filter((name) => /\.test\.|^test\/|\.tsbuildinfo$/.test(name))).toEqual([]);
  });

  test("exports from its doors exactly the public names", async () => {
    const lines: string[] = [];
    for (const door of doors) {
      const code = `console.log(Object.keys(await import("${door}")).sort().join("\\n"))`;
      const { stdout, stderr } = await consumer.node(["--input-type=module", "--eval", code]);
      expect(stderr).toBe("");
      lines.push(
        ...stdout
          .trimEnd()
          .split("\n")
          .map((name) => `${door} ${name}\n`),
      );
    }
    await expect(lines.join("")).toMatchFileSnapshot("public-names.txt");
  });

  test("installs its command", async () => {
    const { code, stdout } = await consumer.node(["node_modules/.bin/range-streams", "--version"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${version}\n` });
  });

  test("serves the explorer that it holds until it is interrupted, which is no error", async () => {
    const command = join(consumer.directory, "node_modules/.bin/range-streams");
    const child = spawn(process.execPath, [command, "explore", "--no-open"]);
    const ended = once(child, "exit");
    const [printed] = (await once(child.stdout, "data")) as [Buffer];
    const page = await fetch(String(printed).trim());
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining("<title>range-streams explorer</title>"),
    ]);
    child.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
  });

  test.each([
    ["in a browser's project", "bundler", forBrowsers, [], dom],
    ["in a project of Node's", "nodenext", doors, ["node"], dom],
    ["in a project of Node's without the DOM", "nodenext", doors, ["node"], []],
  ])(
    "has types that compile %s, unshielded by skipLibCheck",
    async (...[_where, moduleResolution, imported, types, libraries]) => {
      consumer.write(
        "consumer.ts",
        [
          ...imported.map((door, index) => `import * as door${index} from "${door}";`),
          `import { openSource, type PlannedSource } from "range-streams";`,
          `export const doors: object[] = [${imported.map((_door, index) => `door${index}`).join(", ")}];`,
          "export async function first(url: string): Promise<Uint8Array<ArrayBuffer>> {",
          "  const source: PlannedSource = await openSource(url);",
          "  // @ts-expect-error A position is a number: the types are there, and not `any`.",
          `  await source.read(["0", "1"]);`,
          "  return source.read([0, 10]);",
          "}",
        ].join("\n"),
      );
      const compilerOptions = {
        target: "es2023",
        lib: ["es2023", ...libraries, "esnext.disposable"],
        module: moduleResolution === "bundler" ? "esnext" : "nodenext",
        moduleResolution,
        types,
        strict: true,
        noEmit: true,
      };
      consumer.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
      const { stdout } = await consumer.node([join(root, "node_modules/typescript/bin/tsc")]);
      expect(stdout).toBe("");
    },
  );

  test.each(forBrowsers)("bundles %s for browsers without anything of Node's", async (door) => {
    consumer.write("browser.js", `export * from "${door}";`);
    // The one module of Node's that a decoder names: for Node 16, and its `browser` field says that browsers need nothing.
    consumer.write("nothing.js", "export {};");
    const bundle = await build({
      root: consumer.directory,
      configFile: false,
      logLevel: "silent",
      resolve: { alias: { "stream/web": join(consumer.directory, "nothing.js") } },
      build: { write: false, minify: false, lib: { entry: "browser.js", formats: ["es"] } },
    });
    const [first] = Array.isArray(bundle) ? bundle : [];
    const code = first?.output.map((file) => (file.type === "chunk" ? file.code : "")).join("") ?? "";
    expect(code).toContain("RangeStreamsError");
    expect(code).not.toMatch(/node:|__vite-browser-external/);
  });
});

describe("an example runs and prints what its page says:", { timeout: 60_000 }, () => {
  const run = async ({ code }: Pick<Example, "code">): Promise<Outcome> => {
    consumer.write(
      "example-url.mjs",
      "globalThis.exampleUrl = (name) => `${process.env.EXAMPLE_URL}/${name}`;",
    );
    consumer.write("example.mjs", code);
    return consumer.node(["--import", "./example-url.mjs", "example.mjs"], { EXAMPLE_URL: server.url });
  };

  test.each(findExamples().map((example) => [example.where, example] as const))(
    "%s",
    async (_where, example) => {
      const { code, stdout, stderr } = await run(example);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toBe(example.output ?? stdout);
    },
  );

  test("a block is found with its output, and one that is not marked is not", () => {
    const page =
      "# a\n\n```js run\none()\n```\n\n```text\n1\n```\n\n```js\nno()\n```\n\n```js run\ntwo()\n```\n";
    expect(parseExamples("a.md", page)).toEqual([
      { where: "a.md:3", code: "one()\n", output: "1\n" },
      { where: "a.md:15", code: "two()\n", output: undefined },
    ]);
  });

  test("a block that throws is a failure", async () => {
    const { code, stderr } = await run({
      code: `await (await import("range-streams")).openSource(exampleUrl("no"));`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("NOT_FOUND");
  });
});
