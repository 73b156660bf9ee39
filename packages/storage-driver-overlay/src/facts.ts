import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import type { Context } from "./context.ts";

/** `f_type` of statfs(2), by the names that `podman info` has for them. */
const fileSystems: Readonly<Record<number, string>> = {
  16914836: "tmpfs",
  801189825: "zfs",
  1481003842: "xfs",
  1702057286: "fuse",
  26985: "nfs",
  2035054128: "overlayfs",
  2435016766: "btrfs",
  61267: "extfs",
  4076150800: "f2fs",
};

export function overlayFacts({ home, marks, options }: Context): Readonly<Record<string, string>> {
  return {
    "Backing Filesystem": fileSystemOf(home.path),
    "Native Overlay Diff": "true",
    "Supports d_type": "true",
    "Supports shifting": "false",
    "Using metacopy": String(options.mountOptions.includes("metacopy=on")),
    Marks: `${marks.namespace}.overlay`,
  };
}

function fileSystemOf(path: string): string {
  try {
    const { type } = statfsSync(path);
    return fileSystems[type] ?? `0x${type.toString(16)}`;
  } catch (error) {
    // A store that nothing was written to yet is going to be where the next folder is.
    if (errnoOf(error) === "ENOENT" && path !== dirname(path)) return fileSystemOf(dirname(path));
    throw ioError(error, "read", { path });
  }
}
