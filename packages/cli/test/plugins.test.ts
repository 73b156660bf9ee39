import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadPlugin } from "../src/plugins.ts";

it("a file beside that is named like a package is hinted at", async () => {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  try {
    writeFileSync(join(folder, "plain.mjs"), "");
    await expect(loadPlugin("plain.mjs", folder)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_PLUGIN_INVALID",
      hint: "a file is named by its path: ./plain.mjs",
    });
    await expect(loadPlugin("absent.mjs", folder)).rejects.toMatchObject({
      hint: "install it beside dray, or give the path of its file",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
