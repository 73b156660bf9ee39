import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sysBase } from "@drayage/sys";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { newFolder, openTestStore } from "./support/store.ts";

let bundle = "";
let program = "";
beforeAll(async () => {
  bundle = mkdtempSync(join(tmpdir(), "drayage-"));
  program = await bundleForNode(join(import.meta.dirname, "support", "driver-worker.ts"), bundle);
});
afterAll(() => rmSync(bundle, { recursive: true }));

const namespace = ["--user", "--map-root-user", "--mount"];

/** Why there are no user namespaces in which overlayfs can be mounted; undefined where there are. */
const whyNoNamespace = tryNamespace();

function tryNamespace(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  try {
    for (const name of ["l", "u", "w", "m"]) mkdirSync(join(folder, name));
    const mount = "mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr m";
    const { status, error, stderr } = spawnSync("unshare", [...namespace, "sh", "-c", mount], {
      cwd: folder,
      encoding: "utf8",
    });
    return status === 0 ? undefined : (error?.message ?? stderr.trim());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(whyNoNamespace !== undefined)(
  `in a user namespace${whyNoNamespace === undefined ? "" : ` [skipped: ${whyNoNamespace}]`}`,
  () => {
    it("layers are marked with attributes of users, mounted, compared and removed", () => {
      const args = [...namespace, process.execPath, program, sysBase(), newFolder(), "use"];
      const { stdout, stderr } = spawnSync("unshare", args, { encoding: "utf8" });
      expect(stderr).toBe("");
      expect(JSON.parse(stdout)).toEqual({
        shown: ["d", "d/two", "g", "h", "owned"],
        tree: {
          d: "folder 755 0:0 user.overlay.opaque=y",
          "d/three": 'file 644 0:0 "3"',
          "d/two": 'file 644 0:0 ""',
          f: "whiteout",
          g: 'file 644 0:0 ""',
          h: 'file 644 0:0 ""',
          owned: 'file 644 0:0 ""',
        },
        changes: [
          "changed /d",
          "removed /d/one",
          "added /d/three",
          "added /d/two",
          "removed /f",
          "added /h",
          "added /owned",
        ],
        against: 7,
        mounts: 0,
        ids: [],
        leftovers: [],
      });
    });
  },
);

describe.skipIf(whyNoOverlay !== undefined)(named("a process that is killed"), () => {
  it("leaves a layer that others see and remove as soon as it is dead", async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, [program, sysBase(), folder, "abandon"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    const { files, at, temporary } = await openTestStore({ folder });
    expect(await files.leftovers()).toEqual([]);
    child.kill("SIGKILL");
    await ended;
    const [leftover, ...more] = await files.leftovers();
    expect(more).toEqual([]);
    expect(leftover?.path).toMatch(/\/tempdirs\/temp-dir-/);
    await leftover?.remove();
    expect([temporary(), readdirSync(at("l"))]).toEqual([[], []]);
  });
});
