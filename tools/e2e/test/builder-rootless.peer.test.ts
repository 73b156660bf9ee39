import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers, type RunResult, run } from "@drayage-internal/peers";
import { afterAll, describe, expect, it } from "vitest";
import { baseImage, builderStore } from "../src/builder-store.ts";
import { drayBinary } from "../src/dray.ts";
import { unmountBelow } from "../src/shared-store.ts";
import { startProgram } from "../src/start.ts";

const nobody = 65534;
const asNobody = ["--reuid", String(nobody), "--regid", String(nobody), "--clear-groups"];

describeWithPeers("a builder who is not root", ["buildah", "skopeo", "containers-storage", "root"], () => {
  const reason = whyNot();
  if (reason !== undefined) {
    describe(`[skipped: ${reason}]`, () => {
      it.skip("all of it", () => {});
    });
    return;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
  afterAll(() => {
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  it("makes the image that root makes, in a store of its own", async () => {
    const roots = await builderStore("vfs", folder);
    const archive = path.join(folder, "base.tar");
    await roots.shared.skopeo([
      "copy",
      "--quiet",
      roots.shared.reference(baseImage),
      `oci-archive:${archive}`,
    ]);
    await roots.shared.buildah(["rmi", "--force", baseImage]);
    chmodSync(folder, 0o755);
    chmodSync(archive, 0o644);
    const home = path.join(folder, "nobody");
    mkdirSync(home);
    chownSync(home, nobody, nobody);
    const own = (...names: readonly string[]): string => path.join(home, ...names);
    const store = [
      "--root",
      own("root"),
      "--runroot",
      own("run"),
      "--storage-driver",
      "vfs",
      "--insecure-policy",
    ];
    const env = {
      HOME: home,
      XDG_RUNTIME_DIR: own("runtime"),
      XDG_CACHE_HOME: "",
      XDG_CONFIG_HOME: "",
      XDG_DATA_HOME: "",
      TMPDIR: home,
      BUILDAH_ISOLATION: "chroot",
    };
    const dray = (args: readonly string[]): Promise<RunResult> =>
      run("setpriv", [...asNobody, process.execPath, drayBinary, ...args], {
        cwd: roots.folder,
        env,
        mayFail: true,
      });
    const byNobody = (args: readonly string[]): Promise<RunResult> => dray(["builder", ...store, ...args]);
    const byRoot = (args: readonly string[]): Promise<RunResult> =>
      roots.by("dray", args, { cwd: roots.folder });
    const out = (who: string): string => path.join(who === "nobody" ? home : folder, "out");
    for (const [who, by] of [
      ["nobody", byNobody],
      ["root", byRoot],
    ] as const) {
      for (const args of [
        ["from", "--quiet", "--name", "c", `oci-archive:${archive}`],
        ["copy", "--quiet", "c", "context/one", "/one"],
        ["run", "c", "sh", "-c", "echo $HOME > /ran; read -r a < /one; echo $a >> /ran"],
        ["config", "--env", "A=1", "c"],
        ["commit", "--quiet", "--timestamp", "0", "--identity-label=false", "c", "localhost/made:1"],
        ["commit", "--quiet", "--timestamp", "0", "--identity-label=false", "c", `oci:${out(who)}:made`],
      ]) {
        const { code, stderr } = await by(args);
        expect({ code, stderr }, `${who}: ${args.join(" ")}`).toEqual({ code: 0, stderr: "" });
      }
      const status = await by(["run", "c", "sh", "-c", "exit 3"]);
      expect(status.code).toBe(3);
    }

    // What the kernel's overlay needs root for is done by what has to do with layers; the rest says how.
    const onOverlay = [
      "--root",
      own("overlay"),
      "--runroot",
      own("overlay-run"),
      "--storage-driver",
      "overlay",
    ];
    const pull = ["pull", "--quiet", ...onOverlay, "--insecure-policy", `oci:${out("nobody")}:made`];
    const refused = await dray(pull);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("dray builder unshare") });
    const pulled = await dray(["builder", ...pull]);
    expect(pulled).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
    const id = pulled.stdout.trim();
    for (const args of [
      ["push", "--quiet", "--insecure-policy", id, `oci:${own("pushed")}:made`],
      ["rmi", id],
    ]) {
      const { code, stderr } = await dray(["builder", ...onOverlay, ...args]);
      expect({ code, stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
    }

    // The process in the namespace gets the signal, and the time to clean up.
    const places = ["/dev/shm", home].map((folder) => path.join(folder, `drayage-run-${nobody}`));
    const bundles = (): readonly string[] =>
      places.filter((place) => existsSync(place)).flatMap((place) => readdirSync(place));
    const before = bundles();
    const command = ["builder", ...store, "run", "c", "sh", "-c", "echo started >&2; while :; do :; done"];
    const { child, said, ended } = startProgram(
      "setpriv",
      [...asNobody, process.execPath, drayBinary, ...command],
      { env },
    );
    try {
      await said("started");
      expect(bundles().length).toBe(before.length + 1);
      child.kill("SIGTERM");
      expect((await ended).code).toBe(143);
      expect(bundles()).toEqual(before);
    } finally {
      child.kill("SIGKILL");
    }

    const config = async (who: string): Promise<{ readonly rootfs: unknown; readonly config: unknown }> => {
      const { stdout } = await roots.shared.skopeo(["inspect", "--config", "--raw", `oci:${out(who)}:made`]);
      return JSON.parse(stdout) as { readonly rootfs: unknown; readonly config: unknown };
    };
    expect(await config("nobody")).toEqual(await config("root"));
    const removed = await byNobody(["rm", "--all"]);
    expect(removed.code).toBe(0);
    expect(JSON.parse(readFileSync(own("root/vfs-containers/containers.json"), "utf8"))).toEqual([]);
  }, 60_000);
});

/** Why nobody cannot build on this machine; undefined where it can. */
function whyNot(): string | undefined {
  const tried = (program: string, args: readonly string[]): boolean =>
    spawnSync("setpriv", [...asNobody, program, ...args]).status === 0;
  if (spawnSync("setpriv", ["--version"]).status !== 0) return "setpriv is not installed";
  if (!tried(process.execPath, [drayBinary, "--version"]))
    return "the built command cannot be read by others";
  if (!tried("unshare", ["--user", "--map-root-user", "--mount", "true"]))
    return "this machine gives others no user namespaces";
  return undefined;
}
