import { requireSys, type Sys } from "@drayage/sys";
import type { ByteString } from "./byte-string.ts";
import { type Folder, openRoot } from "./folder.ts";
import type { OverlayWhiteouts } from "./options.ts";
import type { Found } from "./walk.ts";

/** Reads the marks of overlay's upper folders. */
export interface OverlayMarks extends Disposable {
  isWhiteout(found: Found): boolean;
  /** Whether a folder hides what one of the layers below has at its place. */
  hidesLower(found: Found): boolean;
}

/** @throws `ERR_DRAYAGE_SYSTEM_UNSUPPORTED`, `ERR_DRAYAGE_IO` */
export function overlayMarks({ lowers, namespace = "trusted" }: OverlayWhiteouts): OverlayMarks {
  const sys = requireSys("read the marks of overlay folders");
  const attribute = `${namespace}.overlay.opaque`;
  const roots: Folder[] = [];
  function close(): void {
    for (const root of roots.splice(0)) root.close();
  }
  try {
    for (const lower of lowers) roots.push(openRoot(lower));
  } catch (error) {
    close();
    throw error;
  }
  return {
    isWhiteout,
    hidesLower: (found) => isOpaque(sys, found, attribute) && wasBelow(roots, found.path),
    [Symbol.dispose]: close,
  };
}

function isWhiteout({ stats }: Pick<Found, "stats">): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0n;
}

function isOpaque(sys: Sys, { folder, name, stats }: Found, attribute: string): boolean {
  if (!stats.isDirectory()) return false;
  const value = sys.getXattr(folder.at(name), attribute);
  return value?.length === 1 && value[0] === 0x79;
}

/** The nearest layer that says anything of the path decides. */
function wasBelow(roots: readonly Folder[], path: ByteString): boolean {
  for (const root of roots) {
    const state = stateIn(root, path);
    if (state !== "unknown") return state === "present";
  }
  return false;
}

function stateIn(root: Folder, path: ByteString): "present" | "hidden" | "unknown" {
  const parts = path.split("/");
  const open: Folder[] = [];
  try {
    let folder = root;
    for (const [place, part] of parts.entries()) {
      const stats = folder.stat(part);
      if (stats === undefined) return "unknown";
      if (isWhiteout({ stats })) return "hidden";
      if (place === parts.length - 1) return "present";
      const inner = stats.isDirectory() ? folder.folder(part) : undefined;
      if (inner === undefined) return "unknown";
      open.push(inner);
      folder = inner;
    }
    return "unknown";
  } finally {
    for (const folder of open) folder.close();
  }
}
