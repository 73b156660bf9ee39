import { spawn } from "node:child_process";
import { once } from "node:events";

/** Namespaces of a process that does nothing else, until this is disposed of. */
export interface HeldNamespaces extends AsyncDisposable {
  /** `/proc/PID/ns/ipc` */
  path(kind: "cgroup" | "ipc" | "net" | "uts"): string;
}

/** Needs root. The machine's name is `held` in there. */
export async function heldNamespaces(): Promise<HeldNamespaces> {
  const wait = "echo held > /proc/sys/kernel/hostname; echo ready; exec cat";
  const flags = ["--cgroup", "--ipc", "--net", "--uts"];
  const child = spawn("unshare", [...flags, "--", "sh", "-c", wait], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return {
    path: (kind) => `/proc/${child.pid}/ns/${kind}`,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}
