import { describe, expect, it } from "vitest";
import { buildZip } from "../../test/zip/build-zip.ts";
import { openZip } from "../zip.ts";
import { compilePattern, selectMembers } from "./match-members.ts";

describe("a pattern", () => {
  it.each([
    ["*", "a"],
    ["*", "a/b"],
    ["a/*", "a/b/c"],
    ["*.csv", "x.csv"],
    ["**/*.csv", "x.csv"],
    ["**/*.csv", "a/b/x.csv"],
    ["a/**/z", "a/z"],
    ["a/**/z", "a/b/c/z"],
    ["a/**", "a/b"],
    ["a**c", "a/b/c"],
    ["d?y-[0-9][!a-z].txt", "day-42.txt"],
    ["[]x]", "]"],
    ["[a-]", "-"],
    ["[ab", "[ab"],
    ["\\*", "*"],
    ["a\\", "a\\"],
    ["?", "😀"],
    ["*a*b*", "xxaxxbxx"],
  ])("%s matches %s", (pattern, path) => {
    expect(compilePattern(pattern)(path)).toBe(true);
  });

  it.each([
    ["*.csv", "a/x.csv"],
    ["a?b", "a/b"],
    ["a/*", "a"],
    ["a[!x]b", "a/b"],
    ["**/*.csv", "x.csvs"],
    ["a/**/z", "az"],
    ["**/b", "ab"],
    ["[a-c]", "d"],
    ["[!a-c]", "b"],
    ["\\*", "a"],
    ["", "a"],
  ])("%s does not match %s", (pattern, path) => {
    expect(compilePattern(pattern)(path)).toBe(false);
  });
});

describe("members by name or pattern", () => {
  const select = async (...wanted: string[]): Promise<string[]> => {
    const names = ["photos/", "photos/a.jpg", "photos/b.png", "photos-old/c.jpg", "notes[1].txt", "x", "x"];
    const { entries } = await openZip(buildZip(names.map((name) => ({ name }))));
    return selectMembers(entries, wanted, "x.zip").map(({ name }) => name);
  };

  it("are an exact name, all that bear it, or a folder with all in it", async () => {
    expect(await select("photos/a.jpg")).toEqual(["photos/a.jpg"]);
    expect(await select("x")).toEqual(["x", "x"]);
    expect(await select("photos")).toEqual(["photos/", "photos/a.jpg", "photos/b.png"]);
    expect(await select("photos-old/", "./photos/a.jpg")).toEqual(["photos/a.jpg", "photos-old/c.jpg"]);
  });

  it("are never a pattern where there is such a name", async () => {
    expect(await select("notes[1].txt")).toEqual(["notes[1].txt"]);
    expect(await select("**/*.jpg")).toEqual(["photos/a.jpg", "photos-old/c.jpg"]);
  });

  it("are NOT_FOUND where one of them means nothing", async () => {
    await expect(select("x", "*.none")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
