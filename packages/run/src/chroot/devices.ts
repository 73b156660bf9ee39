import { closeSync } from "node:fs";
import type { Sys } from "@drayage/sys";
import { hasCode, walk } from "../root/walk.ts";
import { mountInRoot } from "./mounts.ts";

const devices = ["null", "zero", "full", "random", "urandom", "tty"];
const links: Readonly<Record<string, string>> = {
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
  ptmx: "pts/ptmx",
};

/**
 * A `/dev` with what every program may expect, and no disk of the machine. Devices are bound rather than made, which needs no right to make some.
 */
export function mountDevices(sys: Sys, root: number, shmSize: string): void {
  const options = ["nosuid", "noexec", "mode=755", "size=65536k"];
  mountInRoot(sys, root, { destination: "/dev", type: "tmpfs", source: "tmpfs", options });
  for (const name of devices) {
    const path = `/dev/${name}`;
    mountInRoot(sys, root, { destination: path, type: "bind", source: path, options: ["bind"] });
  }
  mountInRoot(sys, root, {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "nodev", "noexec", "mode=1777", `size=${shmSize}`],
  });
  mountTerminals(sys, root);
  const folder = walk(sys, root, "/dev");
  try {
    for (const [name, target] of Object.entries(links)) sys.symlinkAt(target, folder, name);
  } finally {
    closeSync(folder);
  }
}

function mountTerminals(sys: Sys, root: number): void {
  const own = { destination: "/dev/pts", type: "devpts", source: "devpts" };
  const options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
  try {
    mountInRoot(sys, root, { ...own, options: [...options, "gid=5"] });
  } catch (error) {
    // A user namespace may have no group of that number.
    if (!hasCode(error, "EINVAL")) throw error;
    mountInRoot(sys, root, { ...own, options });
  }
}
