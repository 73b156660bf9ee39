import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { describeWithPeers, writeShellRoot } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  createWorkingContainer,
  openWorkingContainer,
  type RunOptions,
  type RuntimeOptions,
} from "../../src/index.ts";
import { type SharedStore, sharedStore } from "../support/shared-store.ts";

/** What a command can see of each setting, on machines with one hierarchy of control groups and with many. */
const facts = `
for file in memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory.max memory.swap.max \\
  cpu/cpu.shares cpu/cpu.cfs_period_us cpu/cpu.cfs_quota_us cpu.weight cpu.max cpuset/cpuset.cpus cpuset/cpuset.mems cpuset.cpus cpuset.mems; do
  test -e /sys/fs/cgroup/$file && echo $file $(cat /sys/fs/cgroup/$file)
done
cat /proc/self/limits /etc/hosts /etc/resolv.conf
while read name value; do case $name in Cap*|Seccomp:|NoNewPrivs:|Groups:) echo $name $value;; esac; done < /proc/self/status
while read id parent device root target options rest; do case $target in /dev/*|/sys*|/given) echo "$target $options \${rest#*- }";; esac; done < /proc/self/mountinfo
stat -c '%n %F %a %t %T %u %g' /dev/* /odd 2>/dev/null
env; id; hostname
true`;

const settings: readonly {
  readonly flags: readonly string[];
  readonly runtime: RuntimeOptions;
  /** What must be among the facts, so that two that both know nothing are not alike. */
  readonly seen: RegExp;
}[] = [
  { flags: ["--memory", "96m"], runtime: { memory: 96 * 2 ** 20 }, seen: /memory\.\S+ 100663296$/m },
  {
    flags: ["--memory", "64m", "--memory-swap", "-1"],
    runtime: { memory: 64 * 2 ** 20, memorySwap: -1 },
    seen: /memory\.\S+ 67108864$/m,
  },
  {
    flags: ["--cpu-period", "50000", "--cpu-quota", "20000"],
    runtime: { cpuPeriod: 50_000, cpuQuota: 20_000 },
    seen: /cpu\S* 20000( 50000)?$/m,
  },
  { flags: ["--cpu-shares", "300"], runtime: { cpuShares: 300 }, seen: /cpu\S* (300|12)$/m },
  {
    flags: ["--cpuset-cpus", "0", "--cpuset-mems", "0"],
    runtime: { cpusetCpus: "0", cpusetMems: "0" },
    seen: /cpuset\.cpus 0$/m,
  },
  {
    flags: ["--ulimit", "nofile=100:200", "--ulimit", "core=0", "--ulimit", "memlock=65536:131072"],
    runtime: { ulimits: ["nofile=100:200", "core=0", "memlock=65536:131072"] },
    seen: /Max open files\s+100\s+200/,
  },
  { flags: ["--shm-size", "10m"], runtime: { shmSize: "10m" }, seen: /\/dev\/shm .*size=10240k/ },
  {
    flags: ["--device", "/dev/null:/dev/nothing", "--device", "/dev/zero:/odd:r"],
    runtime: { devices: ["/dev/null:/dev/nothing", "/dev/zero:/odd:r"] },
    seen: /\/dev\/nothing character special file 666 1 3/,
  },
  {
    flags: ["--security-opt", "seccomp=unconfined", "--security-opt", "label=disable"],
    runtime: { securityOptions: ["seccomp=unconfined", "label=disable"] },
    seen: /Seccomp: 0/,
  },
  {
    flags: ["--cap-add", "SYS_ADMIN", "--cap-drop", "CHOWN,SETUID"],
    runtime: { capAdd: ["SYS_ADMIN"], capDrop: ["CHOWN", "SETUID"] },
    seen: /CapEff: 0*8024057a$/m,
  },
  {
    flags: ["--dns", "192.0.2.53", "--dns-option", "ndots:3", "--dns-search", "a.test,b.test"],
    runtime: { dns: ["192.0.2.53"], dnsOptions: ["ndots:3"], dnsSearch: ["a.test", "b.test"] },
    seen: /search a\.test b\.test\nnameserver 192\.0\.2\.53\noptions ndots:3/,
  },
  { flags: ["--dns", "none"], runtime: { dns: ["none"] }, seen: /nameserver 192\.0\.2\.1\n/ },
  {
    flags: ["--add-host", "db:192.0.2.2"],
    runtime: { addHosts: ["db:192.0.2.2"] },
    seen: /192\.0\.2\.2\s+db\n/,
  },
  { flags: ["--http-proxy=false"], runtime: { httpProxy: false }, seen: /^PATH=/m },
  { flags: [], runtime: {}, seen: /http_proxy=http:\/\/proxy\.test/ },
  { flags: ["--volume", "/etc:/given:ro"], runtime: { volumes: ["/etc:/given:ro"] }, seen: /\/given ro/ },
  { flags: ["--ipc", "host"], runtime: { ipc: "host" }, seen: /\/dev\/shm/ },
  { flags: ["--uts", "host"], runtime: { uts: "host" }, seen: /HOSTNAME=\n/ },
];

describeWithPeers("settings of containers", ["buildah", "runc", "root"], (peers) => {
  let shared: SharedStore;
  beforeAll(async () => {
    shared = await sharedStore("overlay");
    const base = await shared.buildah(["from", "--name", "base", "scratch"]);
    const root = await shared.buildah(["mount", base]);
    writeShellRoot(root, ["cat", "id", "env", "stat", "hostname", "sleep"]);
    writeFileSync(`${root}/etc/resolv.conf`, "nameserver 192.0.2.1\n");
    await shared.buildah(["umount", base]);
    await shared.buildah(["config", "--env", "PATH=/bin", base]);
    await shared.buildah(["commit", base, "base"]);
    vi.stubEnv("http_proxy", "http://proxy.test");
  });
  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
  });

  async function ours(name: string, line: string, options: RunOptions = {}) {
    let stdout = "";
    const warnings: string[] = [];
    const container = await openWorkingContainer(shared.store, name);
    const { exitCode } = await container.run(["sh", "-c", line], {
      isolation: "oci",
      runtime: peers.runc,
      network: "host",
      onWarning: (sentence) => warnings.push(sentence),
      onOutput: (stream, bytes) => {
        if (stream === "stdout") stdout += Buffer.from(bytes).toString();
      },
      ...options,
    });
    return { exitCode, stdout: stdout.trim(), warnings };
  }

  const theirs = (name: string, line: string): Promise<string> =>
    shared.buildah(
      [
        "run",
        "--isolation",
        "oci",
        "--runtime",
        peers.runc,
        "--network",
        "host",
        name,
        "--",
        "sh",
        "-c",
        line,
      ],
      { env: { http_proxy: "http://proxy.test" } },
    );

  /** In any order, and without what a shell or a run has of its own. */
  const lines = (text: string): readonly string[] =>
    text
      .split("\n")
      .filter((line) => !/^(_|SHLVL|OLDPWD|PWD)=/.test(line))
      .sort();

  it.each(settings)(
    "$flags are what buildah makes of them, whoever made the container",
    async ({ flags, runtime, seen }) => {
      const name = `by-buildah-${Math.random().toString(36).slice(2)}`;
      await shared.buildah(["from", "--pull=never", "--name", name, ...flags, "base"]);
      const own = await createWorkingContainer(shared.store, {
        from: "base",
        name: `by-us-${name}`,
        runtime,
      });
      for (const container of [name, own.name]) {
        const expected = await theirs(container, facts);
        const { exitCode, stdout, warnings } = await ours(container, facts);
        expect(lines(stdout)).toEqual(lines(expected));
        expect(stdout).toMatch(seen);
        expect({ exitCode, warnings }).toEqual({ exitCode: 0, warnings: [] });
      }
    },
  );

  it("a profile of AppArmor goes to the runtime, and one that the machine lacks is no silent success", async () => {
    await shared.buildah([
      "from",
      "--pull=never",
      "--name",
      "armor",
      "--security-opt",
      "apparmor=nosuch",
      "base",
    ]);
    await expect(ours("armor", "true")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_RUNTIME",
      message: expect.stringMatching(/apparmor/i),
    });
  });

  it("a size of /dev/shm that the kernel cannot read is written as it can", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "shm", "--shm-size", "1.5 MB", "base"]);
    const { stdout } = await ours("shm", "cat /proc/self/mountinfo");
    expect(stdout).toMatch(/ \/dev\/shm .*size=1536k/);
  });

  it.each(["ro,rw", "nosuch", "upperdir=/x"])(
    "a volume with the options %s is refused before there is a container",
    async (options) => {
      const runtime = { volumes: [`/etc:/given:${options}`] };
      const making = createWorkingContainer(shared.store, { from: "base", name: "refused", runtime });
      await expect(making).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(shared.records().filter(({ names }) => names.includes("refused"))).toEqual([]);
    },
  );

  it("memory that is too little ends the command as it ends with buildah", async () => {
    await shared.buildah(["from", "--pull=never", "--name", "little", "--memory", "16m", "base"]);
    const line = 'x=0123456789; while :; do x="$x$x"; done';
    await expect(ours("little", line)).resolves.toMatchObject({ exitCode: 137 });
  });

  it("a parent of control groups has the container's in it, and is not there any more afterwards", async () => {
    const parent = `drayage-test-${process.pid}`;
    await shared.buildah([
      "from",
      "--pull=never",
      "--name",
      "grouped",
      "--cgroup-parent",
      `/${parent}/deep`,
      "base",
    ]);
    const { stdout } = await ours("grouped", "cat /proc/self/cgroup");
    expect(stdout).toMatch(new RegExp(`:/(\\.\\./)*${parent}/deep/drayage-|0::/$`, "m"));
    const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map(
      (one) => `/sys/fs/cgroup/${one}/${parent}`,
    );
    expect(hierarchies.filter((folder) => existsSync(folder))).toEqual([]);
  });

  describe("what an isolation cannot give is told of", () => {
    it("chroot", async () => {
      const flags = [
        "--memory",
        "96m",
        "--cpu-shares",
        "300",
        "--cgroup-parent",
        "/x",
        "--security-opt",
        "apparmor=p",
      ];
      await shared.buildah([
        "from",
        "--pull=never",
        "--name",
        "chrooted",
        ...flags,
        "--device",
        "/dev/zero:/dev/more",
        "base",
      ]);
      const told = await ours("chrooted", "stat -c %t:%T /dev/more", { isolation: "chroot" });
      expect(told).toEqual({
        exitCode: 0,
        stdout: "1:5",
        warnings: [
          "the command is run without limits of memory, CPU shares and the control group: the isolation chroot has no control group",
          "the command is run without its AppArmor profile: the isolation chroot has none",
        ],
      });
    });

    it("rootless", async () => {
      await shared.buildah(["from", "--pull=never", "--name", "rootless", "--memory", "96m", "base"]);
      const { warnings } = await ours("rootless", "true", { isolation: "rootless" });
      expect(warnings).toEqual([
        "the command is run without limits of memory: only root may make control groups",
      ]);
    });

    it("namespaces of the machine's processes, and networks by name", async () => {
      const flags = ["--pid", "host", "--network", "podman,other", "--ipc", "/proc/self/ns/ipc"];
      await shared.buildah(["from", "--pull=never", "--name", "joined", ...flags, "base"]);
      const { warnings } = await ours("joined", "true");
      expect(warnings.sort()).toEqual([
        "the container asks for the machine's process namespace; its commands have one of their own, so that they can be ended",
        'the container asks for the network namespace "podman,other"; its commands have one of their own',
      ]);
    });
  });
});
