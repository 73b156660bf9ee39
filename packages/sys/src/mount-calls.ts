import type { Kernel } from "./kernel.ts";
import { mountOverlay } from "./overlay-mount.ts";
import type { Sys } from "./sys.ts";
import { systemError } from "./system-error.ts";

type MountCalls = Pick<
  Sys,
  "mountOverlay" | "bindMount" | "makePrivate" | "mount" | "unmount" | "pivotRoot" | "chroot"
>;

const MS_RDONLY = 0x1;
const MS_REMOUNT = 0x20;
const MS_BIND = 0x1000;
const MS_PRIVATE = 0x40000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

/** The texts of the last mount: the kernel is told their addresses, so they must not be freed meanwhile. */
const held: { texts?: readonly unknown[] } = {};

export function mountCalls(kernel: Kernel): MountCalls {
  const { call, memory } = kernel;

  function mount(target: string, flags: number, from?: string): void {
    const source = from === undefined ? 0 : memory.name(0, from, "mount");
    const result = call("mount", source, memory.name(1, target, "mount"), 0, flags, 0);
    if (result < 0)
      throw systemError(result, "mount", { path: from ?? target, ...(from && { dest: target }) });
  }

  return {
    mountOverlay: (overlay) => mountOverlay(kernel, overlay),
    bindMount(from, to, options = {}) {
      mount(to, MS_BIND, from);
      // Flags of the new mount are taken only by changing it.
      if (options.readOnly) mount(to, MS_BIND | MS_REMOUNT | MS_RDONLY);
      if (options.private) mount(to, MS_PRIVATE);
    },
    makePrivate: (path) => mount(path, MS_PRIVATE),
    mount({ source, target, type, flags, data }) {
      const texts = [source, target, type, data].map((text) =>
        text === undefined ? undefined : Buffer.from(`${text}\0`),
      );
      held.texts = texts;
      const [from, to, kind, options] = texts.map((text) =>
        text === undefined ? 0 : memory.addressOf(text),
      );
      const result = call("mount", from, to, kind, flags, options);
      if (result < 0)
        throw systemError(result, "mount", { path: source ?? target, ...(source && { dest: target }) });
    },
    pivotRoot() {
      // One on top of the other, so that no folder is needed for the old root.
      const here = memory.name(0, ".", "pivot_root");
      const result = call("pivot_root", here, here);
      if (result < 0) throw systemError(result, "pivot_root", { path: "." });
      const gone = call("umount2", memory.name(0, ".", "umount2"), MNT_DETACH);
      if (gone < 0) throw systemError(gone, "umount2", { path: "." });
      process.chdir("/");
    },
    chroot() {
      const result = call("chroot", memory.name(0, ".", "chroot"));
      if (result < 0) throw systemError(result, "chroot", { path: "." });
      process.chdir("/");
    },
    unmount(path, options = {}) {
      const flags = UMOUNT_NOFOLLOW | (options.detach ? MNT_DETACH : 0);
      const result = call("umount2", memory.name(0, path, "umount2"), flags);
      if (result < 0) throw systemError(result, "umount2", { path });
    },
  };
}
