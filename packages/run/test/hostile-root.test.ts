import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, expect, it } from "vitest";
import { parseMounts } from "../src/index.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

describeIsolations("a root file system that wants to get out", (common) => {
  let root = "";
  let outside = "";
  beforeEach(() => {
    root = smallRoot(temporaryDirectory());
    outside = temporaryDirectory();
    chmodSync(outside, 0o755);
    writeFileSync(path.join(outside, "passwd"), "evil:x:0:0:evil:/:/bin/sh\n");
  });
  const run = (line: string, options: Parameters<typeof shell>[2] = {}) =>
    shell(root, line, { ...common, ...options });

  it("by a link at /etc/passwd finds no user of the machine", async () => {
    rmSync(path.join(root, "etc/passwd"));
    symlinkSync(path.join(outside, "passwd"), path.join(root, "etc/passwd"));
    await expect(run("true", { user: "evil" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
    rmSync(path.join(root, "etc/passwd"));
    symlinkSync("../../../../../../../etc/passwd", path.join(root, "etc/passwd"));
    await expect(run("true", { user: "daemon" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
  });

  it("by a queue or a device at /etc/passwd keeps nobody waiting", async () => {
    rmSync(path.join(root, "etc/passwd"));
    symlinkSync("/dev/zero", path.join(root, "etc/passwd"));
    mkdirSync(path.join(root, "dev"), { recursive: true });
    await expect(run("true", { user: "daemon" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
    rmSync(path.join(root, "etc/passwd"));
    execFileSync("mkfifo", [path.join(root, "etc/passwd")]);
    await expect(run("true", { user: "daemon" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
  });

  it("by an /etc/passwd without end is read to where nobody has users any more", async () => {
    const file = path.join(root, "etc/passwd");
    writeFileSync(file, "first:x:7:8::/home/first:/bin/sh\n");
    truncateSync(file, 2 ** 30);
    // runc reads it, too, and gives up.
    const outcome = await run("id -u; id -g", { user: "first" }).catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "ERR_DRAYAGE_RUNTIME" });
    else expect(outcome).toMatchObject({ stdout: "7\n8\n" });
    await expect(run("true", { user: "last" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
  });

  it.each(["hosts", "resolv.conf", "hostname"])(
    "by a link at /etc/%s gets nothing written outside",
    async (name) => {
      const target = path.join(outside, "target");
      writeFileSync(target, "of the machine\n");
      for (const link of [target, `../../../../../..${target}`, path.join(outside, "missing")]) {
        rmSync(path.join(root, "etc", name), { force: true });
        symlinkSync(link, path.join(root, "etc", name));
        // A runtime may refuse it instead.
        const outcome = await run(`cat /etc/${name}`).catch((error: unknown) => error);
        if (!(outcome instanceof Error))
          expect(outcome).toMatchObject({ stdout: expect.not.stringContaining("of the machine") });
        expect(readFileSync(target, "utf8")).toBe("of the machine\n");
        expect(readdirSync(outside).sort()).toEqual(["passwd", "target"]);
      }
    },
  );

  it("by a link where a secret is mounted gets it nowhere else, and keeps nothing of it", async () => {
    mkdirSync(path.join(root, "run"));
    symlinkSync(outside, path.join(root, "run/secrets"));
    const secret = {
      type: "secret",
      destination: "/run/secrets/key",
      bytes: Buffer.from("hidden"),
      mode: 0o440,
      uid: 1000,
      gid: 50,
    } as const;
    const line = "stat -c '%a %u %g %s' /run/secrets/key; cat /run/secrets/key; echo more > /run/secrets/key";
    const outcome = await run(line, { mounts: [secret], user: "app" }).catch((error: unknown) => error);
    if (!(outcome instanceof Error)) expect(outcome).toMatchObject({ stdout: "440 1000 50 6\nhidden" });
    expect(readdirSync(outside)).toEqual(["passwd"]);
    expect(spawnSync("grep", ["-r", "hidden", root], { encoding: "utf8" }).stdout).toBe("");
  });

  it("by links where something is mounted makes and changes nothing outside", async () => {
    const before = readdirSync(outside);
    renameSync(path.join(root, "etc"), path.join(root, "etc-of-it"));
    symlinkSync(outside, path.join(root, "etc"));
    symlinkSync(path.join(outside, "run"), path.join(root, "run"));
    symlinkSync(`../../../../../..${outside}`, path.join(root, "volume"));
    const source = temporaryDirectory();
    const mounts = [
      { type: "bind", source, destination: "/volume/inner", options: ["rw", "rbind"] },
    ] as const;
    // A runtime may refuse it instead.
    await run("true", { mounts, files: new Map([["/run/.containerenv", ""]]) }).catch(() => {});
    expect(readdirSync(outside)).toEqual(before);
    expect(readFileSync(path.join(outside, "passwd"), "utf8")).toBe("evil:x:0:0:evil:/:/bin/sh\n");
  });

  it("by a link as working folder makes it inside", async () => {
    symlinkSync(path.join(outside, "work"), path.join(root, "work"));
    expect((await run("pwd -P", { cwd: "/work" })).stdout).toBe(`${outside}/work\n`);
    expect(existsSync(path.join(outside, "work"))).toBe(false);
    expect(existsSync(path.join(root, outside, "work"))).toBe(true);
  });

  it.each(["proc", "sys", "dev"])(
    "by a link at /%s runs no command with the machine's, and changes nothing",
    async (name) => {
      const before = readdirSync(outside);
      symlinkSync(outside, path.join(root, name));
      const outcome = await run(`ls /${name}/passwd`).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) expect(outcome).toMatchObject({ stdout: "" });
      expect(readdirSync(outside)).toEqual(before);
    },
  );

  it("by a program that is a link to one of the machine does not run that", async () => {
    symlinkSync("../../../../../../../usr/bin/env", path.join(root, "bin/escape"));
    await expect(run("true", { command: ["/bin/escape"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_COMMAND_NOT_FOUND",
    });
  });

  it("by a link that it puts into a cache gets no other folder as the next cache, and no lock elsewhere", async () => {
    const env = { TMPDIR: temporaryDirectory() };
    const parsed = (text: string) => parseMounts({ mounts: [`type=cache,${text}`] }, { env });
    await run("true", { mounts: await parsed("target=/c") });
    const caches = path.join(env.TMPDIR, "buildah-cache");
    symlinkSync(outside, path.join(caches, "c/inner"));
    symlinkSync(path.join(outside, "lock"), path.join(caches, "c/buildah-cache-lockfile"));
    await run("touch /c/inner/new", { mounts: await parsed("target=/c/inner") });
    const locked = await parsed("target=/c,sharing=locked");
    await expect(run("true", { mounts: locked })).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
    expect(readdirSync(outside)).toEqual(["passwd"]);
    expect(readdirSync(path.join(caches, outside))).toEqual(["new"]);
  });

  it("cannot leave its root by chroot", async () => {
    // CAP_SYS_CHROOT is granted, as buildah does: there is no folder of the machine left to get to.
    const { stdout } = await run(`ls /../../../..${outside}/passwd || echo none`);
    expect(stdout).toBe("none\n");
  });
});
