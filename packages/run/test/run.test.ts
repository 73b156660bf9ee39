import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseMounts, parseSecret, runCommand } from "../src/index.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

describeIsolations("a command in a root file system", (common) => {
  let root = "";
  beforeAll(() => {
    root = smallRoot(temporaryDirectory());
  });
  const run = (line: string, options: Parameters<typeof shell>[2] = {}) =>
    shell(root, line, { ...common, ...options });

  it("gives its exit code and what it writes", async () => {
    expect(await run("echo out; echo err >&2; exit 7")).toEqual({
      exitCode: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("that a signal ends has 128 and the signal's number", async () => {
    // The first process of a namespace ignores what it has no handler for; another does not.
    expect(await run("sh -c 'kill -TERM $$'; echo $?")).toMatchObject({ exitCode: 0, stdout: "143\n" });
  });

  it("has the environment that is given, HOME of its user, and HOSTNAME", async () => {
    const { stdout } = await run("env | while read l; do echo $l; done", {
      env: ["PATH=/bin", "A=1", "B=x y", "A=2"],
      hostname: "box",
      user: "app",
    });
    const lines = stdout.split("\n").filter((line) => line !== "" && !/^(PWD|OLDPWD|SHLVL|_)=/.test(line));
    expect(lines.sort()).toEqual(["A=2", "B=x y", "HOME=/home/app", "HOSTNAME=box", "PATH=/bin"]);
    expect((await run("hostname", { hostname: "box" })).stdout).toBe("box\n");
  });

  it.each([
    ["", "uid=0(root) gid=0(root) groups=0(root),60(wheel)"],
    ["app", "uid=1000(app) gid=1001(appg) groups=1001(appg),50(staff)"],
    ["1000", "uid=1000(app) gid=1001(appg) groups=1001(appg),50(staff)"],
    ["app:staff", "uid=1000(app) gid=50(staff) groups=50(staff)"],
    ["77", "uid=77 gid=0(root) groups=0(root)"],
    ["77:88", "uid=77 gid=88 groups=88"],
  ])("as user %j is %s", async (user, expected) => {
    expect((await run("id", { user })).stdout).toBe(`${expected}\n`);
  });

  it("whose user or group is unknown is refused with ERR_DRAYAGE_OWNER_NOT_FOUND", async () => {
    await expect(run("id", { user: "ghost" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
      message: 'there is no user "ghost" in the container\'s /etc/passwd',
    });
    await expect(run("id", { user: "app:ghosts" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_OWNER_NOT_FOUND",
    });
  });

  it("has a working folder, which is made for its user", async () => {
    expect((await run("pwd", { cwd: "/deep/er", user: "app" })).stdout).toBe("/deep/er\n");
    const { uid, gid, mode } = statSync(path.join(root, "deep/er"));
    expect([uid, gid, mode & 0o7777]).toEqual([1000, 1001, 0o755]);
  });

  it("that is not there is ERR_DRAYAGE_COMMAND_NOT_FOUND, and changes nothing", async () => {
    const before = readdirSync(root);
    for (const command of [["nothing"], ["/bin/nothing"], ["./nothing"], ["n".repeat(300)]]) {
      await expect(
        runCommand({ rootfs: root, command, cwd: "/new", env: ["PATH=/bin"], ...common }),
      ).rejects.toMatchObject({
        code: "ERR_DRAYAGE_COMMAND_NOT_FOUND",
      });
    }
    expect(readdirSync(root)).toEqual(before);
  });

  it("that is no program is ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE, one without its interpreter ERR_DRAYAGE_COMMAND_NOT_FOUND", async () => {
    writeFileSync(path.join(root, "bin/text"), "text");
    writeFileSync(path.join(root, "bin/script"), "#!/no/interpreter\n");
    writeFileSync(path.join(root, "bin/garbage"), "\x7fELFgarbage");
    for (const name of ["script", "garbage"]) chmodSync(path.join(root, "bin", name), 0o755);
    const attempt = (name: string) =>
      runCommand({ rootfs: root, command: [name], env: ["PATH=/bin"], onOutput() {}, ...common });
    await expect(attempt("text")).rejects.toMatchObject({ code: "ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE" });
    // A runtime learns of it only when the container has started.
    const garbage =
      common.isolation === "oci" ? { exitCode: 1 } : { code: "ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE" };
    expect(await attempt("garbage").catch((error: unknown) => error)).toMatchObject(garbage);
    await expect(attempt("script")).rejects.toMatchObject({ code: "ERR_DRAYAGE_COMMAND_NOT_FOUND" });
  });

  it("reads what it is given, and may leave it unread", async () => {
    const stdin = Buffer.alloc(300_000, "x");
    expect((await run("cat", { stdin })).stdout.length).toBe(300_000);
    expect((await run("true", { stdin })).exitCode).toBe(0);
    expect((await run("cat", {})).stdout).toBe("");
  });

  it("ends where who takes its output fails", async () => {
    const failing = runCommand({
      rootfs: root,
      command: ["/bin/sh", "-c", "while true; do echo more; done"],
      env: ["PATH=/bin"],
      onOutput() {
        throw new Error("too much");
      },
      ...common,
    });
    await expect(failing).rejects.toThrow("too much");
  });

  it("may open its outputs again, whoever it is", async () => {
    expect(await run("echo a > /dev/stdout; echo b > /dev/stderr", { user: "app" })).toMatchObject({
      exitCode: 0,
      stdout: "a\n",
      stderr: "b\n",
    });
  });

  it("has buildah's capabilities, and those that are added and dropped", async () => {
    const sets = async (options: Parameters<typeof shell>[2]): Promise<readonly (string | undefined)[]> => {
      const { stdout } = await run("cat /proc/self/status", options);
      return ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"].map(
        (name) => new RegExp(`^${name}:\\s+0*(\\w+)$`, "m").exec(stdout)?.[1],
      );
    };
    expect(await sets({})).toEqual(["0", "800405fb", "800405fb", "800405fb", "0"]);
    expect(await sets({ user: "app" })).toEqual(["0", "0", "0", "800405fb", "0"]);
    const capabilities = { add: ["sys_admin"], drop: ["CAP_CHOWN"] };
    expect(await sets({ capabilities })).toEqual(["0", "802405fa", "802405fa", "802405fa", "0"]);
    expect(await sets({ capabilities: { drop: ["all"] } })).toEqual(["0", "0", "0", "0", "0"]);
  });

  it("has limits of resources, and no signal is ignored", async () => {
    const { stdout } = await run("ulimit -Sn; ulimit -Hn; cat /proc/self/status", {
      ulimits: ["nofile=100:200"],
    });
    expect(stdout.split("\n").slice(0, 2)).toEqual(["100", "200"]);
    expect(stdout).toMatch(/^SigIgn:\t0000000000000000$/m);
    expect(stdout).toMatch(/^SigBlk:\t0000000000000000$/m);
  });

  it("sees processes of its own only, and not the machine's files", async () => {
    const { stdout } = await run(
      "echo $$; ls /; ls /proc | while read n; do case $n in [0-9]*) echo p$n;; esac; done",
    );
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toBe("1");
    expect(lines).not.toContain("home");
    expect(lines.filter((line) => /^p\d/.test(line)).length).toBeLessThan(8);
  });

  it("can change neither the kernel's settings nor see its secrets", async () => {
    const { stdout } = await run(
      "echo x > /proc/sys/kernel/hostname || echo refused; cat /proc/keys; echo x > /sys/kernel/mm/ksm/run || echo refused; ls /sys/firmware; ls /dev/sda /dev/vda /dev/kmsg || echo none",
      { capabilities: { add: ["SYS_ADMIN"] } },
    );
    expect(stdout).toBe("refused\nrefused\nnone\n");
  });

  it("with a file system that is read-only writes nothing but where it may", async () => {
    const { exitCode, stdout } = await run(
      "touch /x || echo refused; echo a > /dev/shm/x && cat /dev/shm/x",
      { readonly: true },
    );
    expect([exitCode, stdout, existsSync(path.join(root, "x"))]).toEqual([0, "refused\na\n", false]);
  });

  it("has hosts, name servers and a name of its own, which do not get into the root file system", async () => {
    const { stdout } = await run("cat /etc/hostname /etc/resolv.conf; cat /etc/hosts", {
      hostname: "box",
      dns: { servers: ["192.0.2.9"], searches: ["example.org"], options: ["ndots:2"] },
      hosts: { add: ["db:192.0.2.7"] },
    });
    expect(stdout).toMatch(
      /^box\nsearch example.org\nnameserver 192.0.2.9\noptions ndots:2\n192.0.2.7\tdb\n/,
    );
    // As buildah leaves them.
    for (const name of ["hostname", "hosts", "resolv.conf"]) {
      const { size, mode } = statSync(path.join(root, "etc", name));
      expect([name, size, mode & 0o777]).toEqual([name, 0, 0o755]);
    }
  });

  it("without a network has no way out, and the image's own name servers", async () => {
    const { stdout } = await run("cat /proc/net/dev; cat /etc/hosts", { network: "none" });
    const devices = stdout.split("\n").flatMap((line) => /^\s*(\w+):/.exec(line)?.[1] ?? []);
    expect(
      devices.filter(
        (name) =>
          ![
            "lo",
            "tunl0",
            "sit0",
            "ip6tnl0",
            "gre0",
            "gretap0",
            "erspan0",
            "ip_vti0",
            "ip6_vti0",
            "ip6gre0",
            "dummy0",
          ].includes(name),
      ),
    ).toEqual([]);
    expect(stdout).not.toContain("localhost");
  });

  describe("with mounts", () => {
    it("has folders and files of the machine, writable or not", async () => {
      const source = temporaryDirectory();
      chmodSync(source, 0o755);
      writeFileSync(path.join(source, "file"), "text\n");
      const mounts = await parseMounts({
        volumes: [`${source}:/volume:ro`, `${source}/file:/etc/one/file`],
        mounts: [`type=bind,src=${source},target=/bound,rw`, `type=bind,src=${source},target=/plain`],
      });
      const { stdout } = await run(
        "cat /volume/file /etc/one/file; touch /volume/x || echo no; touch /plain/y || echo no; touch /bound/z && echo yes",
        { mounts },
      );
      expect(stdout).toBe("text\ntext\nno\nno\nyes\n");
      expect(readdirSync(source).sort()).toEqual(["file", "z"]);
    });

    it("has folders in memory", async () => {
      const mounts = await parseMounts({
        mounts: ["type=tmpfs,target=/mem,tmpfs-size=1m,tmpfs-mode=0700,noexec"],
      });
      const { stdout } = await run("stat -c %a /mem; echo a > /mem/a; cat /mem/a; cat /proc/self/mountinfo", {
        mounts,
      });
      expect(stdout).toMatch(/^700\na\n/);
      expect(stdout).toMatch(/ \/mem rw,noexec,\S* - tmpfs tmpfs rw,size=1024k,mode=700$/m);
      expect(readdirSync(path.join(root, "mem"))).toEqual([]);
    });

    it("changes a folder for itself only (O)", async () => {
      const source = temporaryDirectory();
      chmodSync(source, 0o755);
      writeFileSync(path.join(source, "file"), "text\n");
      const mounts = await parseMounts({ volumes: [`${source}:/over:O`] });
      const { stdout } = await run("echo more >> /over/file; cat /over/file; rm /over/file; ls /over", {
        mounts,
      });
      expect(stdout).toBe("text\nmore\n");
      expect(readFileSync(path.join(source, "file"), "utf8")).toBe("text\n");
    });

    it("owns what is given to it (U)", async () => {
      const source = temporaryDirectory();
      chmodSync(source, 0o755);
      mkdirSync(path.join(source, "inner"));
      const mounts = await parseMounts({ volumes: [`${source}:/own:U`] });
      expect(
        (await run("touch /own/inner/x && stat -c %u:%g /own /own/inner", { mounts, user: "app" })).stdout,
      ).toBe("1000:1001\n1000:1001\n");
    });

    it("reads secrets that are nowhere else, and nothing stays of them", async () => {
      process.env.DRAYAGE_TEST_SECRET = "of the environment";
      const file = path.join(temporaryDirectory(), "secret");
      writeFileSync(file, "of a file");
      const secrets = [parseSecret("id=one,env=DRAYAGE_TEST_SECRET"), parseSecret(`id=two,src=${file}`)];
      const mounts = await parseMounts(
        {
          mounts: [
            "type=secret,id=one",
            "type=secret,id=two,target=/secret,mode=0440,uid=1000,gid=50",
            "type=secret,id=three",
          ],
        },
        { secrets },
      );
      const { stdout } = await run(
        "cat /run/secrets/one /secret; echo; stat -c '%a %u %g' /run/secrets/one /secret; echo x > /secret || echo no",
        { mounts },
      );
      expect(stdout).toBe("of the environmentof a file\n400 0 0\n440 1000 50\nno\n");
      expect(existsSync(path.join(root, "secret"))).toBe(false);
      // buildah leaves the folder, too.
      expect(readdirSync(path.join(root, "run/secrets"))).toEqual([]);
    });

    it("uses a cache again, alone where it is locked", async () => {
      const env = { TMPDIR: temporaryDirectory() };
      const texts = { mounts: ["type=cache,target=/cache,id=../../c,sharing=locked,mode=0700"] };
      const [one, other] = await Promise.all([
        run("test ! -e /cache/x; touch /cache/x; sleep 0.2; echo $(ls /cache); rm /cache/x", {
          mounts: await parseMounts(texts, { env }),
        }),
        run("test ! -e /cache/x; touch /cache/x; sleep 0.2; echo $(ls /cache); rm /cache/x", {
          mounts: await parseMounts(texts, { env }),
        }),
      ]);
      for (const { stdout } of [one, other]) expect(stdout).toBe("buildah-cache-lockfile x\n");
      expect(readdirSync(path.join(env.TMPDIR, "buildah-cache"))).toEqual(["c"]);
    });
  });

  it("leaves no process, mount, control group or folder, whatever it started", async () => {
    await run("sleep 4242 & sleep 4242 & sleep 0.05");
    const mounts = readFileSync("/proc/self/mountinfo", "utf8");
    expect(mounts).not.toContain(root);
    expect(mounts).not.toContain("drayage-run-");
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain("sleep 4242");
  });
});

describe("a runtime", () => {
  it.runIf(process.platform === "linux" && process.getuid?.() === 0)(
    "that is not installed is ERR_DRAYAGE_RUNTIME, with what to do",
    async () => {
      const root = smallRoot(temporaryDirectory());
      await expect(shell(root, "true", { isolation: "oci", runtime: "norunc" })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_RUNTIME",
        message: 'the OCI runtime "norunc" is not installed',
        hint: "install crun or runc, name another by --runtime, or run without one by --isolation chroot",
      });
    },
  );
});
