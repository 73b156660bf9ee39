import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithPeers, temporaryDirectory, writeShellRoot } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openWorkingContainer, type RunOptions } from "../../src/index.ts";
import { type SharedStore, sharedStore } from "../support/shared-store.ts";

interface Step {
  readonly args: readonly string[];
  readonly options: RunOptions;
  readonly command: readonly string[];
}

describeWithPeers("commands in buildah's containers", ["buildah", "runc", "root"], (peers) => {
  let shared: SharedStore;
  let serial = 0;
  beforeAll(async () => {
    shared = await sharedStore("overlay");
    const base = await shared.buildah(["from", "--name", "base", "scratch"]);
    const root = await shared.buildah(["mount", base]);
    writeShellRoot(root, [
      "cat",
      "id",
      "env",
      "ls",
      "sleep",
      "mkdir",
      "touch",
      "rm",
      "stat",
      "hostname",
      "mount",
    ]);
    mkdirSync(join(root, "vol/inner"), { recursive: true });
    writeFileSync(join(root, "vol/file"), "of the image\n");
    // As images of some distributions have it.
    symlinkSync("../run/resolver/stub.conf", join(root, "etc/resolv.conf"));
    await shared.buildah(["umount", base]);
    await shared.buildah([
      "config",
      ...["--env", "PATH=/bin", "--env", "A=of image", "--workingdir", "/work/dir", "--volume", "/vol"],
      base,
    ]);
    await shared.buildah(["commit", base, "base"]);
  });
  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
  });

  async function ours(name: string, { command, options }: Step): Promise<{ code: number; stdout: string }> {
    let stdout = "";
    const container = await openWorkingContainer(shared.store, name);
    const onOutput = (stream: string, bytes: Uint8Array): void => {
      if (stream === "stdout") stdout += Buffer.from(bytes).toString();
    };
    const { exitCode } = await container.run(command, { runtime: peers.runc, onOutput, ...options });
    return { code: exitCode, stdout: stdout.trim() };
  }

  async function committed(
    name: string,
  ): Promise<{ readonly diffIds: unknown; readonly history: readonly object[] }> {
    const layout = shared.at(`${name}-layout`);
    await shared.buildah(["commit", "--timestamp", "0", name, `oci:${layout}`]);
    const read = (digest: string) =>
      JSON.parse(readFileSync(join(layout, "blobs/sha256", digest.slice(7)), "utf8"));
    const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
    const config = read(read(index.manifests[0].digest).config.digest);
    return { diffIds: config.rootfs.diff_ids, history: config.history };
  }

  /** The same steps by buildah and by us, each in a container of its own. */
  async function both(steps: readonly Step[]): Promise<{
    readonly outputs: readonly (readonly [string, string])[];
    readonly results: readonly [Awaited<ReturnType<typeof committed>>, Awaited<ReturnType<typeof committed>>];
  }> {
    serial += 1;
    const [theirs, own] = [`theirs-${serial}`, `ours-${serial}`];
    for (const name of [theirs, own]) await shared.buildah(["from", "--pull=never", "--name", name, "base"]);
    const outputs: (readonly [string, string])[] = [];
    for (const step of steps) {
      const isolation = step.options.isolation ?? "oci";
      const args = [
        "run",
        "--isolation",
        isolation,
        "--runtime",
        peers.runc,
        ...step.args,
        theirs,
        "--",
        ...step.command,
      ];
      outputs.push([await shared.buildah(args), (await ours(own, step)).stdout]);
    }
    return { outputs, results: [await committed(theirs), await committed(own)] };
  }

  // buildah's chroot isolation loses what is written just before the end.
  const shell = (line: string, args: readonly string[] = [], options: RunOptions = {}): Step => ({
    args: ["--hostname", "named", ...args],
    options: { hostname: "named", ...options },
    command: ["sh", "-c", options.isolation === "chroot" ? `${line}; sleep 0.3` : line],
  });

  describe.each(["oci", "chroot"] as const)("%s", (isolation) => {
    it("a command has the same user, environment, folder, limits and capabilities, and leaves the same layer", async () => {
      const status =
        "cat /proc/self/status | while read n v; do case $n in Cap*|Uid:|Gid:|NoNew*) echo $n $v;; esac; done";
      const { outputs, results } = await both([
        shell(
          'env | while read l; do case $l in SHLVL*|_=*|OLDPWD*) ;; *) echo "$l";; esac; done | cat; id',
          ["-e", "B=given"],
          { isolation, env: ["B=given"] },
        ),
        shell(
          `pwd; hostname; ulimit -Sn; ulimit -Hn; ulimit -p; ${status}`,
          ["--user", "app", "--workingdir", "/other/place"],
          {
            isolation,
            user: "app",
            workingDir: "/other/place",
          },
        ),
        shell(`id -u; ${status}`, ["--cap-add", "CAP_SYS_ADMIN", "--cap-drop", "CAP_CHOWN"], {
          isolation,
          capAdd: ["CAP_SYS_ADMIN"],
          capDrop: ["CAP_CHOWN"],
        }),
      ]);
      for (const [theirs, own] of outputs) expect(own.split("\n").sort()).toEqual(theirs.split("\n").sort());
      expect(results[1]).toEqual(results[0]);
    });

    it("files, folders, volumes and mounts leave the same layer", async () => {
      const source = temporaryDirectory();
      chmodSync(source, 0o755);
      writeFileSync(join(source, "file"), "text\n");
      const volume = `${source}:/from/outside:ro`;
      const mount = "type=tmpfs,target=/memory";
      const { outputs, results } = await both([
        shell(
          "mkdir -p /made/x; echo a > /made/x/a; rm -r /tmp; cat /vol/file; echo changed > /vol/file; echo new > /vol/inner/new",
          [],
          { isolation },
        ),
        shell(
          "cat /vol/file /vol/inner/new /from/outside/file; touch /memory/x; ls /memory",
          ["-v", volume, "--mount", mount],
          {
            isolation,
            volumes: [volume],
            mounts: [mount],
          },
        ),
        shell("ls -l /run /etc/resolv.conf > /dev/null; cat /made/x/a", ["--add-history"], {
          isolation,
          addHistory: true,
        }),
      ]);
      for (const [theirs, own] of outputs) expect(own).toBe(theirs);
      const withoutTimes = results.map(({ diffIds, history }) => ({
        diffIds,
        history: history.map((item) => ({ ...item, created: "" })),
      }));
      expect(withoutTimes[1]).toEqual(withoutTimes[0]);
    });
  });

  it("oci: the same is mounted, in the same way", async () => {
    const line =
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
      'cat /proc/self/mountinfo | while read id parent device root target options rest; do echo "$target $options ${rest#*- }"; done';
    const { outputs } = await both([shell(line)]);
    // Where the files come from, and whose network sysfs shows, is another matter.
    const lines = (text: string): readonly string[] =>
      text
        .split("\n")
        .map((one) =>
          /^(\/ |\/etc\/|\/run\/|\/sys )/.test(one) ? one.split(" ").slice(0, 2).join(" ") : one,
        )
        .sort();
    const [[theirs = "", own = ""] = []] = outputs;
    expect(lines(own)).toEqual(lines(theirs));
  });

  it("exit codes are the command's, and one that fails gets no history", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "codes", "base"]);
    for (const code of [0, 1, 3, 126, 255])
      expect((await ours("codes", shell(`exit ${code}`))).code).toBe(code);
    expect((await ours("codes", shell("exit 9", [], { addHistory: true }))).code).toBe(9);
    const { state } = await openWorkingContainer(shared.store, "codes");
    expect(state.prependedEmptyLayers).toEqual([]);
  });

  it("several at the same time have a volume that none had before", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "crowd", "base"]);
    const root = await shared.buildah(["mount", "crowd"]);
    for (let number = 0; number < 500; number += 1) writeFileSync(join(root, `vol/inner/${number}`), "");
    await shared.buildah(["umount", "crowd"]);
    const all = Array.from({ length: 4 }, () => ours("crowd", shell("cat /vol/file; ls /vol/inner/499")));
    for (const { stdout } of await Promise.all(all)) expect(stdout).toBe("of the image\n/vol/inner/499");
  });

  it("a volume where the image has a file is refused", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "file", "base"]);
    await shared.buildah(["config", "--volume", "/etc/passwd", "file"]);
    await expect(ours("file", shell("true"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining('cannot make the volume "/etc/passwd"'),
    });
  });

  it("what is begun by one is seen by the other, and the container is not mounted afterwards", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "turns", "base"]);
    await ours("turns", shell("echo 1 > /turn; echo v > /vol/ours"));
    const args = [
      "run",
      "--isolation",
      "oci",
      "--runtime",
      peers.runc,
      "turns",
      "--",
      "sh",
      "-c",
      "cat /turn /vol/ours; echo 2 > /turn",
    ];
    expect(await shared.buildah(args)).toBe("1\nv");
    expect((await ours("turns", shell("cat /turn; echo $container"))).stdout).toBe("2");
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(shared.folder);
  });

  it("a mount from another image is read in that image alone", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "mounts", "base"]);
    const step = shell("cat /other/passwd; touch /other/x || echo no", [], {
      mounts: ["type=bind,from=base,src=/etc,target=/other"],
    });
    expect((await ours("mounts", step)).stdout).toMatch(/^root:x:0[\s\S]*\nno$/);
    const outside = shell("true", [], {
      mounts: ["type=bind,from=base,src=/../../../../../etc/shadow,target=/other"],
    });
    await expect(ours("mounts", outside)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(shared.folder);
    expect(existsSync(shared.at("root"))).toBe(true);
  });
});
