import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

const kinds = ["cgroup", "ipc", "net", "uts"] as const;
type Kind = (typeof kinds)[number];

/** A process with namespaces of its own, until it has no input any more. */
async function holdNamespaces(): Promise<ChildProcess> {
  const held = "echo held > /proc/sys/kernel/hostname; echo ready; exec cat";
  const flags = ["--cgroup", "--ipc", "--net", "--uts"];
  const child = spawn("unshare", [...flags, "--", "sh", "-c", held], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

describeIsolations("namespaces of others", (common) => {
  let root = "";
  let holder: ChildProcess;
  beforeAll(async () => {
    root = smallRoot(temporaryDirectory());
    holder = await holdNamespaces();
  });
  afterAll(async () => {
    holder.stdin?.end();
    await once(holder, "exit");
  });

  const theirs = (kind: Kind): string => `/proc/${holder.pid}/ns/${kind}`;
  const numberOf = (file: string): string => /\d+/.exec(readlinkSync(file))?.[0] ?? "";
  const wishFor = (kind: Kind, place = theirs(kind)) =>
    kind === "net" ? { network: { path: place } } : { namespaces: { [kind]: { path: place } } };

  async function run(options: Parameters<typeof shell>[2]) {
    const warnings: string[] = [];
    const look = kinds.map((kind) => `stat -L -c %i /proc/self/ns/${kind}`).join("; ");
    const { exitCode, stdout, stderr } = await shell(root, `${look}; hostname; echo "[$HOSTNAME]"`, {
      ...common,
      hostname: "box",
      onWarning: (sentence) => warnings.push(sentence),
      ...options,
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const [cgroup, ipc, net, uts, hostname, variable] = stdout.split("\n");
    return { inside: { cgroup, ipc, net, uts }, hostname, variable, warnings };
  }

  const isOci = common.isolation === "oci";

  it.runIf(isOci).each(kinds)("%s: is joined, and it alone", async (kind) => {
    const { inside, hostname, variable, warnings } = await run(wishFor(kind));
    expect(kinds.filter((one) => inside[one] === numberOf(theirs(one)))).toEqual([kind]);
    // Its name is not set, nor guessed.
    const named = kind === "uts" ? ["held", "[]"] : ["box", "[box]"];
    expect([hostname, variable]).toEqual(named);
    expect(warnings).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(`/namespace-`);
  });

  it.runIf(isOci)("are joined all together, and by a file that one is bound on", async () => {
    const bound = path.join(temporaryDirectory(), "net");
    writeFileSync(bound, "");
    execFileSync("mount", ["--bind", theirs("net"), bound]);
    try {
      const { inside } = await run({
        network: { path: bound },
        namespaces: {
          cgroup: { path: theirs("cgroup") },
          ipc: { path: theirs("ipc") },
          uts: { path: theirs("uts") },
        },
      });
      expect(inside).toEqual(Object.fromEntries(kinds.map((kind) => [kind, numberOf(theirs(kind))])));
    } finally {
      execFileSync("umount", [bound]);
    }
  });

  it.runIf(isOci)("that are none are refused in a sentence", async () => {
    const file = path.join(root, "etc/passwd");
    await expect(run(wishFor("ipc", file))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: `${JSON.stringify(file)} is no ipc namespace`,
    });
    await expect(run(wishFor("net", "/nonexistent"))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining('join the network namespace "/nonexistent"'),
    });
    await expect(run(wishFor("ipc", theirs("uts")))).rejects.toMatchObject({ code: "ERR_DRAYAGE_RUNTIME" });
  });

  it.skipIf(isOci).each(kinds)("%s: is not joined, as buildah has it, and that is told", async (kind) => {
    const { inside, hostname, warnings } = await run(wishFor(kind));
    expect(kinds.filter((one) => inside[one] === numberOf(theirs(one)))).toEqual([]);
    expect(inside.net).toBe(numberOf("/proc/self/ns/net"));
    expect(hostname).toBe("box");
    const instead = kind === "ipc" || kind === "uts" ? "has one of its own" : "has the machine's";
    const name = kind === "net" ? "network" : kind;
    expect(warnings).toEqual([
      `the command does not join the ${name} namespace "${theirs(kind)}", and ${instead}: the isolation chroot joins none`,
    ]);
  });
});
