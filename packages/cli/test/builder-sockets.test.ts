import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const place = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];

// Others change a store as root of a user namespace, by a process of its own.
describe.skipIf(process.getuid?.() !== 0)("copy of a folder that has a socket", () => {
  it("warns of it by its name, and leaves it out", async () => {
    const context = join(folder, "context");
    mkdirSync(context);
    writeFileSync(join(context, "a"), "A");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(context, "b"), resolve));
    try {
      const builder = (...words: readonly string[]) =>
        dray(["builder", ...words.slice(0, 1), ...place, ...words.slice(1)], { env: { HOME: folder } });
      await builder("from", "--name", "c", "scratch");
      const copied = await builder("copy", "--quiet", "--contextdir", context, "c", ".", "/d");
      expect({ ...copied, stderr: copied.stderr.replace(/^time="[^"]*" /, "") }).toMatchObject({
        status: 0,
        stderr: 'level=warning msg="\\"b\\" is a socket, which no image holds, and is left out"\n',
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
