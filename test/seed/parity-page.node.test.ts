import { expect, it } from "vitest";
import { renderPage } from "./render-page.ts";

it("docs/seed-parity.md is what the table of behaviours says", async () => {
  await expect(renderPage()).toMatchFileSnapshot("../../docs/seed-parity.md");
});
