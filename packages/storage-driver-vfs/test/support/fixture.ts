import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "@drayage/storage";
import { sysBase } from "@drayage/sys";
import type { DriverFixture } from "@drayage/testkit";
import { bundleForNode } from "../../../../tools/build/bundle.ts";
import { vfsDriver } from "../../src/index.ts";

/** An empty place for the driver. */
export function vfsFixture(
  options?: Readonly<Record<string, string>>,
): DriverFixture & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  const graphRoot = join(folder, "graph");
  const runRoot = join(folder, "run");
  return {
    driver: vfsDriver(),
    folder,
    graphRoot,
    runRoot,
    options,
    async abandon() {
      const script = await bundleForNode(join(import.meta.dirname, "abandon-worker.ts"), folder);
      const child = spawn(process.execPath, [script, graphRoot, runRoot, sysBase()], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      await Promise.race([once(child.stdout, "data"), ended]);
      child.kill("SIGKILL");
      await ended;
    },
    dispose: () => removeTree(folder),
  };
}
