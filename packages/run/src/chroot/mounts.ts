import { closeSync, fstatSync, readFileSync, statSync } from "node:fs";
import type { Sys } from "@drayage/sys";
import type { SpecMount } from "../mounts/spec.ts";
import { hasCode, isFolder, walk } from "../root/walk.ts";

const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_REMOUNT = 32;
const MS_NOATIME = 1024;
const MS_NODIRATIME = 2048;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_UNBINDABLE = 1 << 17;
const MS_PRIVATE = 1 << 18;
const MS_SLAVE = 1 << 19;
const MS_SHARED = 1 << 20;
const MS_RELATIME = 1 << 21;

const rights: Readonly<Record<string, number>> = {
  ro: MS_RDONLY,
  nosuid: MS_NOSUID,
  nodev: MS_NODEV,
  noexec: MS_NOEXEC,
  noatime: MS_NOATIME,
  nodiratime: MS_NODIRATIME,
  relatime: MS_RELATIME,
};
const spreading: Readonly<Record<string, number>> = {
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
  unbindable: MS_UNBINDABLE,
  runbindable: MS_UNBINDABLE | MS_REC,
};
const silent: ReadonlySet<string> = new Set(["rw", "suid", "dev", "exec", "bind", "rbind", "tmpcopyup"]);

/** Mounts within the root, on a descriptor rather than a path: nobody can put a link there meanwhile. */
export function mountInRoot(sys: Sys, root: number, mount: SpecMount): void {
  const { type, source, destination, options } = mount;
  const kind = type === "bind" && !statSync(source).isDirectory() ? "file" : "folder";
  const place = walk(sys, root, destination, { kind });
  const target = `/proc/self/fd/${place}`;
  try {
    if (type === "bind") {
      const deep = options.includes("bind") ? 0 : MS_REC;
      sys.mount({ source, target, flags: MS_BIND | deep });
    } else {
      const data = options.filter((one) => !(one in rights) && !(one in spreading) && !silent.has(one));
      sys.mount({ source, target, type, flags: flagsOf(options), data: data.join(",") });
    }
  } finally {
    closeSync(place);
  }
  settle(sys, root, mount);
}

function flagsOf(options: readonly string[]): number {
  return options.reduce((sum, option) => sum | (rights[option] ?? 0), 0);
}

/** Rights and spreading are set on a mount that is there already. */
function settle(sys: Sys, root: number, { type, destination, options }: SpecMount): void {
  const place = walk(sys, root, destination);
  const target = `/proc/self/fd/${place}`;
  try {
    if (type === "bind" && flagsOf(options) !== 0)
      remount(sys, target, flagsOf(options) | flagsOfMount(place));
    for (const option of options) {
      const flags = spreading[option];
      if (flags !== undefined) sys.mount({ target, flags });
    }
  } finally {
    closeSync(place);
  }
}

function remount(sys: Sys, target: string, flags: number): void {
  sys.mount({ target, flags: MS_BIND | MS_REMOUNT | flags });
}

/** What a mount has, which a user namespace may not take away. */
function flagsOfMount(place: number): number {
  const info = readFileSync(`/proc/self/fdinfo/${place}`, "utf8");
  const id = /^mnt_id:\s*(\d+)$/m.exec(info)?.[1];
  const line = mountLines().find((one) => one.startsWith(`${id} `));
  return flagsOf((line?.split(" ")[5] ?? "").split(","));
}

function mountLines(): readonly string[] {
  return readFileSync("/proc/self/mountinfo", "utf8").split("\n");
}

/** Makes all that is mounted below a folder of the kernel's read-only, too; what the kernel does not let us change stays. */
export function sealBelow(sys: Sys, root: number, rootfs: string, folder: string): void {
  const prefix = `${rootfs === "/" ? "" : rootfs}${folder}/`;
  for (const line of mountLines()) {
    const path = (line.split(" ")[4] ?? "").replaceAll(/\\(\d{3})/g, (_all, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    if (!path.startsWith(prefix)) continue;
    try {
      makeReadOnly(sys, root, folder + path.slice(prefix.length - 1));
    } catch (error) {
      if (!hasCode(error, "EPERM") && !hasCode(error, "EACCES") && !hasCode(error, "ENOENT")) throw error;
    }
  }
}

function makeReadOnly(sys: Sys, root: number, path: string): void {
  const place = walk(sys, root, path);
  try {
    remount(sys, `/proc/self/fd/${place}`, MS_RDONLY | flagsOfMount(place));
  } finally {
    closeSync(place);
  }
}

/** Puts something empty over what must not be seen. */
export function mask(sys: Sys, root: number, path: string): void {
  const place = tryWalk(sys, root, path);
  if (place === undefined) return;
  const target = `/proc/self/fd/${place}`;
  try {
    if (isFolder(fstatSync(place).mode)) {
      sys.mount({
        source: "tmpfs",
        target,
        type: "tmpfs",
        flags: MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
        data: "size=0k",
      });
    } else {
      sys.mount({ source: "/dev/null", target, flags: MS_BIND });
    }
  } finally {
    closeSync(place);
  }
}

/** Binds it on itself, so that it alone can be made read-only. */
export function seal(sys: Sys, root: number, path: string): void {
  const place = tryWalk(sys, root, path);
  if (place === undefined) return;
  const target = `/proc/self/fd/${place}`;
  try {
    sys.mount({ source: target, target, flags: MS_BIND | MS_REC });
  } finally {
    closeSync(place);
  }
  makeReadOnly(sys, root, path);
}

function tryWalk(sys: Sys, root: number, path: string): number | undefined {
  try {
    return walk(sys, root, path);
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR") || hasCode(error, "EACCES")) return undefined;
    throw error;
  }
}

/** The folder as a mount of its own, as it must be to become a root. */
export function bindRoot(sys: Sys, rootfs: string): void {
  sys.mount({ source: rootfs, target: rootfs, flags: MS_BIND | MS_REC });
  sys.mount({ target: rootfs, flags: MS_PRIVATE | MS_REC });
}

/** For a root that may not be left by pivot_root(2), as that of an initramfs. */
export function moveRoot(sys: Sys): void {
  const MS_MOVE = 8192;
  sys.mount({ source: ".", target: "/", flags: MS_MOVE });
  sys.chroot();
}
