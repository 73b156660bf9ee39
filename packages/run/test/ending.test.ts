import { execFileSync, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, expect, it } from "vitest";
import { bundledScript } from "./bundled.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

/** What a run leaves on the machine, if it does: processes of that name, mounts below the folder, control groups and bundles. */
function traces(word: string, root: string): readonly string[] {
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(word));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(root));
  return [...processes, ...mounts];
}

/** Those of this root: others run at the same time. */
const bundles = (root: string): readonly string[] => {
  const folder = `/dev/shm/drayage-run-${process.getuid?.()}`;
  const isOwn = (name: string): boolean => {
    try {
      return readFileSync(`${folder}/${name}/config.json`, "utf8").includes(root);
    } catch {
      // Gone already, or it has none.
      return false;
    }
  };
  return existsSync(folder) ? readdirSync(folder).filter(isOwn) : [];
};
const cgroupsOf = (names: readonly string[]): readonly string[] => {
  const hierarchies = readdirSync("/sys/fs/cgroup").map((name) => `/sys/fs/cgroup/${name}`);
  const places = ["/sys/fs/cgroup", ...hierarchies].flatMap((folder) =>
    names.map((name) => `${folder}/${name}`),
  );
  return places.filter((place) => existsSync(place));
};

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 500 && !condition(); attempt++) await delay(10);
  expect(condition()).toBe(true);
}

describeIsolations("a run that is ended from outside", (common) => {
  let root = "";
  let script = "";
  beforeAll(async () => {
    const folder = temporaryDirectory();
    root = smallRoot(temporaryDirectory());
    script = await bundledScript(
      folder,
      "run",
      `import { runCommand } from "../src/index.ts";
      const options = JSON.parse(process.argv[2] ?? "");
      void runCommand(options).then(({ exitCode }) => process.exit(exitCode));`,
    );
  });

  it("by its signal leaves nothing, whenever it comes", async () => {
    for (const pause of [0, 5, 15, 30, 60, 120, 250]) {
      const controller = new AbortController();
      const word = `31${common.isolation === "oci" ? 1 : 2}${pause}`;
      const running = shell(root, `sleep ${word} & sleep ${word} & sleep ${word}`, {
        ...common,
        signal: controller.signal,
      });
      const ended = expect(running).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
      await delay(pause);
      const during = bundles(root);
      controller.abort();
      await ended;
      expect([pause, traces(`sleep ${word}`, root)]).toEqual([pause, []]);
      expect([pause, cgroupsOf(during)]).toEqual([pause, []]);
    }
  });

  it("by a signal that nothing survives takes the container with it; the next run removes what is left", async () => {
    const word = `41${common.isolation === "oci" ? 1 : 2}7`;
    const options = { rootfs: root, command: ["/bin/sh", "-c", `sleep ${word} & sleep ${word}`], ...common };
    const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: "ignore" });
    await until(() => traces(`sleep ${word}`, root).filter((line) => line === `sleep ${word}`).length === 2);
    const during = bundles(root);
    child.kill("SIGKILL");
    await until(() => traces(`sleep ${word}`, root).length === 0);
    await shell(root, "true", common);
    expect(cgroupsOf(during)).toEqual([]);
  });

  it.each(["root", "app"])(
    "by a signal that nothing survives, whenever it comes, leaves nothing that the next run does not remove: %s",
    async (user) => {
      const word = `51${common.isolation === "oci" ? 1 : 2}${user.length}`;
      const command = ["/bin/sh", "-c", `sleep ${word} & sleep ${word}`];
      const options = { rootfs: root, command, user, ...common };
      const seen = new Set<string>();
      for (const pause of [40, 70, 85, 100, 115, 130, 145, 160, 180, 200, 230, 260, 300, 400]) {
        const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: "ignore" });
        await delay(pause);
        for (const name of bundles(root)) seen.add(name);
        child.kill("SIGKILL");
        await until(() => traces(`sleep ${word}`, root).length === 0);
      }
      await shell(root, "true", common);
      expect(bundles(root)).toEqual([]);
      expect(cgroupsOf([...seen])).toEqual([]);
    },
    30_000,
  );

  it("by an output that is full says so", () => {
    const options = { rootfs: root, command: ["/bin/sh", "-c", "echo out"], ...common };
    const full = openSync("/dev/full", "w");
    const { stderr, status } = spawnSync(process.execPath, [script, JSON.stringify(options)], {
      stdio: ["ignore", full, "pipe"],
      encoding: "utf8",
    });
    closeSync(full);
    expect(stderr).toContain("cannot write to stdout: no space left on the device (ENOSPC)");
    expect(status).toBe(1);
  });

  it("gets no file that this process was left with", () => {
    const options = { rootfs: root, command: ["/bin/ls", "/proc/self/fd"], ...common };
    const folder = openSync("/etc", "r");
    // libuv closes those that follow each other without a gap.
    const gap = Array.from({ length: 97 }, () => "ignore" as const);
    const { stdout } = spawnSync(process.execPath, [script, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "pipe", ...gap, folder],
      encoding: "utf8",
    });
    closeSync(folder);
    // The last is the folder that is listed.
    expect(stdout).toBe("0\n1\n2\n3\n");
  });

  it("gives nothing back to who has it aborted before it starts", async () => {
    await expect(shell(root, "true", { ...common, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
  });
});
