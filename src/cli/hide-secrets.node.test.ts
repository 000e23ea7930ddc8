import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hideSecrets, mayHoldSecrets } from "./hide-secrets.ts";
import { run } from "./run.ts";

const MISTYPED = [
  "htp:/user:pw@x?token=secret",
  "htp://user:pw@x/a?token=secret",
  "http:/user:pw@x/a?token=secret",
  "https:user:pw@x/a#secret",
  "https//user:pw@x/a?token=secret",
  "user:pw@x?token=secret",
  "//user:pw@x?secret",
  "http://user:pw@x y:99999/?token=secret",
  "http://user:p@pw@:0x/?token=secret",
  "https:\\\\user:pw@x?secret",
];

const VERBS = [
  ["info"],
  ["ls"],
  ["ls", "x.zip", "--index"],
  ["cat"],
  ["get", "-o", "-"],
  ["extract", "-d", "FOLDER"],
  ["index"],
  ["plan"],
  ["map"],
  ["doctor"],
  ["explore", "--no-open"],
  ["completion"],
  [],
];

describe("a mistyped URL", () => {
  it.each(MISTYPED)("%s: no verb shows what is secret in it", async (typed) => {
    const folder = await mkdtemp(join(tmpdir(), "range-streams-typed-"));
    try {
      for (const verb of VERBS) {
        const shown: string[] = [];
        const output = {
          write: async (data: string | Uint8Array) => void shown.push(String(data)),
          note: (line: string) => void shown.push(line),
        };
        const args = [...verb.map((arg) => arg.replace("FOLDER", folder)), typed];
        // What waits for a connection that nobody answers is not what is asked here.
        const code = await run(args, "9.9.9", { output, signal: AbortSignal.timeout(5000) });
        expect([args.slice(0, -1), code]).not.toEqual([args.slice(0, -1), 0]);
        expect(shown.join("\n")).not.toMatch(/pw|secret/);
        expect(shown.join("\n")).toMatch(/^range-streams: [A-Z_]+: /);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("that is right is not printed as a link where it may hold secrets", () => {
    const secret = [
      "http://u:p@h/a",
      "http://h/a?x-amz-signature=1",
      "http://h/a#t",
      "http://h/?id=1&token=2",
    ];
    expect(secret.map((url) => mayHoldSecrets(new URL(url)))).toEqual([true, true, true, true]);
    expect(mayHoldSecrets(new URL("http://h/a?auth_token=1"))).toBe(true);
    for (const plain of ["http://h/a?id=1", "http://h/a%20b?x='%27&page=2&author=me", "http://h/a?keyword=x"])
      expect(mayHoldSecrets(new URL(plain))).toBe(false);
  });

  it("is recognised by what is left of it", () => {
    expect(MISTYPED.slice(0, 3).map(hideSecrets)).toEqual(["htp:/…@x?…", "htp://…@x/a?…", "http:/…@x/a?…"]);
    expect(["./a/b.zip", "C:\\x.zip", "frobnicate"].map(hideSecrets)).toEqual([
      "./a/b.zip",
      "C:\\x.zip",
      "frobnicate",
    ]);
    expect(hideSecrets("a".repeat(5000))).toBe("a text of 5000 characters");
  });
});
