import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, type Stats, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStagedFile } from "@drayage/blob";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { acquireLock, commitUnlessChanged } from "../src/index.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  path = join(folder, "file");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function replace(content: string, before: Stats | undefined): Promise<void> {
  await using staged = await createStagedFile(folder);
  writeFileSync(staged.fd, content);
  await commitUnlessChanged(staged, path, { before, label: "the file", mode: 0o640 });
}

describe("a file", () => {
  it("is replaced while it is what it was, and nothing else is left", async () => {
    await replace("one", undefined);
    expect(readFileSync(path, "utf8")).toBe("one");
    await replace("two", statSync(path));
    expect(readFileSync(path, "utf8")).toBe("two");
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it("that is new needs no lock: one that another user has left cannot be broken", async () => {
    const lock = join(
      folder,
      `.drayage-lock.${createHash("sha256").update("file").digest("hex").slice(0, 16)}`,
    );
    // Held by this process: whoever waited for it would wait for two minutes.
    await using _held = await acquireLock(lock);
    await replace("new", undefined);
    expect(readFileSync(path, "utf8")).toBe("new");
  });

  it.each([
    ["was made", undefined, () => writeFileSync(path, "theirs")],
    ["was removed", "mine", () => rmSync(path)],
    ["was written to", "mine", () => writeFileSync(path, "theirs")],
  ])("that %s meanwhile stays as it is", async (_, content, change) => {
    if (content !== undefined) writeFileSync(path, content);
    const before = content === undefined ? undefined : statSync(path);
    change();
    const after = readdirSync(folder);
    await expect(replace("new", before)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_DESTINATION_EXISTS",
      message: "the file was changed by somebody else while the image was written",
      retryable: true,
    });
    expect(readdirSync(folder)).toEqual(after);
  });

  it("of many that replace it at once, one does", async () => {
    writeFileSync(path, "old");
    const before = statSync(path);
    const contents = ["0", "1", "2", "3", "4", "5", "6", "7"];
    const done = await Promise.allSettled(contents.map((content) => replace(content, before)));
    const winners = contents.filter((_, index) => done[index]?.status === "fulfilled");
    expect(winners).toEqual([readFileSync(path, "utf8")]);
  });
});
