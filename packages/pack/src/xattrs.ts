import { errnoOf, ioError } from "@drayage/errors";
import { requireSys, type Sys } from "@drayage/sys";
import { byteStringOf, textOf } from "./byte-string.ts";
import type { Folder } from "./folder.ts";

/** The attributes of something in a folder that are part of a layer. */
export type ReadXattrs = (folder: Folder, name: string) => ReadonlyMap<string, Uint8Array>;

const none: ReadonlyMap<string, Uint8Array> = new Map();

/** @throws `ERR_DRAYAGE_SYSTEM_UNSUPPORTED` where they are wanted, and this machine has no calls for it */
export function xattrReader(wanted: boolean): ReadXattrs {
  if (!wanted) return () => none;
  const sys = requireSys("read extended attributes");
  return (folder, name) => readXattrs(sys, folder, name);
}

function readXattrs(sys: Sys, folder: Folder, name: string): ReadonlyMap<string, Uint8Array> {
  const path = folder.at(name);
  try {
    const names = sys.listXattrs(path);
    if (names.length === 0) return none;
    const found = new Map<string, Uint8Array>();
    for (const raw of names) {
      const key = textOf(byteStringOf(raw));
      const value = isLayerXattr(key) ? sys.getXattr(path, raw) : undefined;
      if (value !== undefined) found.set(key, value);
    }
    return found;
  } catch (error) {
    // Gone meanwhile, or a file system without attributes.
    if (["ENOENT", "ENOTDIR", "ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? "")) return none;
    throw ioError(error, "read the attributes of", { path: textOf(`${folder.path}/${name}`) });
  }
}

/** Whether layers of containers have attributes of this name. */
export function isLayerXattr(name: string): boolean {
  if (name === "security.capability" || name === "security.ima") return true;
  return name.startsWith("user.") && !name.startsWith("user.overlay.");
}
