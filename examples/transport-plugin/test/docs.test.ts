import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { snapshotTree, transportConformance } from "@drayage/testkit";
import { transportsOf } from "@drayage/transport";
import { afterAll, describe, expect, it } from "vitest";

/** The example of docs/plugins.md. Its imports are resolved from where the file is. */
const text = readFileSync(join(import.meta.dirname, "../../../docs/plugins.md"), "utf8");
const code = /^```js\n([\s\S]*?)^```$/m.exec(text)?.[1] ?? "";
const file = join(import.meta.dirname, `plain-${process.pid}.generated.mjs`);
writeFileSync(file, code);
afterAll(() => rmSync(file));
const [plain] = transportsOf(await import(pathToFileURL(file).href), "docs/plugins.md");
if (plain === undefined) throw new Error("docs/plugins.md has no transport");

it("the example of docs/plugins.md stays short", () => {
  expect(code.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(64);
});

transportConformance({
  test: { describe, it },
  name: "plain, the example of docs/plugins.md",
  setup() {
    const folder = mkdtempSync(join(tmpdir(), "drayage-plain-"));
    let count = 0;
    return {
      transport: plain,
      reference: () => join(folder, `image-${++count}`),
      snapshot: async () => snapshotTree(folder),
      dispose: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
  traits: { overwriting: "refuses" },
  references: { valid: ["/a/b c"], invalid: ["", "a\0b"] },
});
