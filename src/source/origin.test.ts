import { expect, it } from "vitest";
import { capabilitiesOf } from "./origin.ts";

it("capabilitiesOf tells nothing of a server that no source is open of, and refuses what is no URL of one", () => {
  expect(capabilitiesOf("https://nobody.example/a.zip")).toBeUndefined();
  for (const url of ["ftp://nobody.example/a.zip", "file:///etc/passwd"])
    expect(() => capabilitiesOf(url)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
});
