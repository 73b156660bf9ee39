import { type Sys, workingFolder } from "@drayage/sys";
import { type BytePath, fsPath } from "./byte-path.ts";

/** How overlayfs marks what a layer hides. */
export interface Marks {
  /** Under which its attributes stand; `user` in a user namespace, where `trusted` is not for us. */
  readonly namespace: "trusted" | "user";
  /** Whether the folder shows nothing of the layers below. */
  isOpaque(path: BytePath): boolean;
  makeOpaque(path: BytePath): void;
  /** The name of an attribute that says that the file's content or place is elsewhere, if it has one. */
  detour(path: BytePath): string | undefined;
  makeWhiteout(path: BytePath): void;
}

const characterDevice = 0o020000;

export function overlayMarks(sys: Sys, namespace: Marks["namespace"]): Marks {
  const prefix = `${namespace}.overlay.`;
  return {
    namespace,
    isOpaque: (path) => sys.getXattr(fsPath(path), `${prefix}opaque`)?.[0] === "y".charCodeAt(0),
    makeOpaque: (path) => sys.setXattr(fsPath(path), `${prefix}opaque`, Buffer.from("y")),
    detour: (path) =>
      sys
        .listXattrs(fsPath(path))
        .map((name) => Buffer.from(name).toString("latin1"))
        .find((name) => name === `${prefix}redirect` || name === `${prefix}metacopy`),
    makeWhiteout: (path) => sys.mknodAt(workingFolder, fsPath(path), characterDevice, { major: 0, minor: 0 }),
  };
}

/** Whether it is a character device 0:0, of any mode and owner. */
export function isWhiteout(stats: { isCharacterDevice(): boolean; readonly rdev: bigint }): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}
