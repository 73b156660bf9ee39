import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sysBase } from "@drayage/sys";
import type { DriverFixture } from "@drayage/testkit";
import { bundleForNode } from "../../../../tools/build/bundle.ts";
import { overlayDriver } from "../../src/index.ts";
import { unmountAll } from "./store.ts";

/** An empty place for the driver. */
export function overlayFixture(): DriverFixture {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  return {
    driver: overlayDriver(),
    graphRoot: join(folder, "root"),
    runRoot: join(folder, "run"),
    async abandon() {
      const program = await bundleForNode(join(import.meta.dirname, "driver-worker.ts"), folder);
      const child = spawn(process.execPath, [program, sysBase(), folder, "abandon"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      await Promise.race([once(child.stdout, "data"), ended]);
      child.kill("SIGKILL");
      await ended;
    },
    async dispose() {
      unmountAll(folder);
      await rm(folder, { recursive: true });
    },
  };
}
