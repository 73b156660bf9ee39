import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostileReferences, snapshotTree, transportConformance } from "@drayage/testkit";
import { afterAll, describe, expect, it } from "vitest";
import { zip } from "../src/index.ts";

transportConformance({
  test: { describe, it },
  name: "zip",
  setup() {
    const folder = mkdtempSync(join(tmpdir(), "drayage-zip-"));
    let count = 0;
    return {
      transport: zip(),
      reference: () => join(folder, `image-${++count}.zip`),
      snapshot: async () => snapshotTree(folder),
      dispose: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
  references: {
    valid: ["image.zip", "/a/b c.zip"],
    invalid: ["", ...hostileReferences.filter((text) => text.includes("\0"))],
  },
});

describe("a zip file that holds no image", () => {
  const folder = mkdtempSync(join(tmpdir(), "drayage-zip-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is refused with what is wrong", async () => {
    const path = join(folder, "text.zip");
    writeFileSync(path, "this is no zip file, though it is long enough to hold an end record");
    const { openSource, parse } = zip();
    await expect(openSource?.(parse(path))).rejects.toMatchObject({ code: "ERR_DRAYAGE_ARCHIVE_INVALID" });
  });
});
