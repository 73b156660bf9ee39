import path from "node:path";
import { run, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";

it("the demo hauls its image through every transport and shows that nothing changed", async () => {
  const script = path.resolve(import.meta.dirname, "../demo.mjs");
  const { stdout } = await run(process.execPath, [script], { env: { TMPDIR: temporaryDirectory() } });
  const rows = stdout
    .split("\n")
    .filter((line) => /^(?:docker-archive|oci-dir|dir|oci-archive) +sha256:/.test(line));
  const contents = rows.map((row) => row.split(/ +/).slice(2).join(" "));
  expect(rows.map((row) => row.split(" ")[0])).toEqual([
    "docker-archive",
    "oci-dir",
    "dir",
    "oci-archive",
    "docker-archive",
  ]);
  expect(contents[0]).toMatch(/^sha256:[0-9a-f]{12}(?: sha256:[0-9a-f]{12}){3}$/);
  expect(new Set(contents).size).toBe(1);
});
