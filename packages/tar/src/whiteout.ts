import { DrayageError } from "@drayage/errors";
import { cleanEntryName } from "./entry-name.ts";
import { quoteName } from "./problem.ts";

/** The start of the base name of a file that stands for a removed one: OCI image-spec, layer.md, "Whiteouts". */
export const whiteoutPrefix = ".wh.";

/** The base name of the file that hides all of its directory that lower layers have. */
export const opaqueWhiteout = ".wh..wh..opq";

const metadataPrefix = ".wh..wh.";

/** What a layer's whiteout file stands for. Paths are those of {@link cleanEntryName}. */
export type Whiteout =
  /** `path` of the lower layers is removed. */
  | { readonly kind: "removed"; readonly path: string }
  /** All that lower layers have in the directory `path` is removed. */
  | { readonly kind: "opaque"; readonly path: string }
  /** A file of the aufs driver's own, without a meaning in a layer. */
  | { readonly kind: "metadata"; readonly path: string };

/**
 * What the entry of this name stands for if it is a whiteout: if its base name starts with `.wh.`; undefined for
 * others (`usr/bin/whoami` is none).
 *
 * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` for a name that leaves the root, and for a whiteout of nothing, of `.` or of `..`.
 */
export function parseWhiteout(name: string): Whiteout | undefined {
  const path = cleanEntryName(name);
  const slash = path.lastIndexOf("/");
  const base = path.slice(slash + 1);
  if (!base.startsWith(whiteoutPrefix)) return undefined;
  const directory = path.slice(0, slash + 1);
  if (base === opaqueWhiteout) return { kind: "opaque", path: directory.slice(0, -1) || "." };
  if (base.startsWith(metadataPrefix)) return { kind: "metadata", path };
  const hidden = base.slice(whiteoutPrefix.length);
  if (hidden === "" || hidden === "." || hidden === "..") {
    throw new DrayageError(
      "ERR_DRAYAGE_ARCHIVE_INVALID",
      `tar entry ${quoteName(name)} is a whiteout of no file`,
    );
  }
  return { kind: "removed", path: `${directory}${hidden}` };
}

/** The name of the whiteout that removes `path`. Throws `ERR_DRAYAGE_ARCHIVE_INVALID` for one that leaves the root, or is it. */
export function whiteoutName(path: string): string {
  const clean = cleanEntryName(path);
  if (clean === ".") throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", "a layer cannot remove its root");
  const slash = clean.lastIndexOf("/");
  return `${clean.slice(0, slash + 1)}${whiteoutPrefix}${clean.slice(slash + 1)}`;
}

/** The name of the whiteout that makes the directory `path` opaque. */
export function opaqueWhiteoutName(path: string): string {
  const clean = cleanEntryName(path);
  return clean === "." ? opaqueWhiteout : `${clean}/${opaqueWhiteout}`;
}
