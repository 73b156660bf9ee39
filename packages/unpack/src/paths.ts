import { DrayageError } from "@drayage/errors";
import { type ByteString, toByteString } from "./byte-string.ts";

/** The longest path that Linux takes, with the zero at its end: `PATH_MAX`. */
export const pathLimit = 4096;
/** The longest name, with the slash before it. */
export const nameLimit = 256;

/**
 * An entry's name, or a hard link's target, as a path below the root: no slash at either end, no empty parts, no `.` or `..`; empty
 * for the root itself. Nothing is above the root, as in a process that has it for its own: `../x` is `x`.
 *
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID`, `ERR_DRAYAGE_LIMIT_EXCEEDED`
 */
export function cleanPath(raw: Uint8Array): ByteString {
  const name = toByteString(raw);
  if (name.includes("\0")) throw new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", "a name has a NUL");
  const path = unclean.test(name) ? cleaned(name) : withoutSlash(name);
  if (path.length >= pathLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `a name has ${path.length} bytes, where at most ${pathLimit - 1} are accepted`,
    );
  }
  return path;
}

/** Parts that change a path, or an absolute one. Most names have none. */
const unclean = /^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/;

function withoutSlash(name: ByteString): ByteString {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}

function cleaned(name: ByteString): ByteString {
  const parts: ByteString[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

export interface SplitPath {
  /** Empty for the root. */
  readonly folder: ByteString;
  readonly base: ByteString;
}

export function splitPath(path: ByteString): SplitPath {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(0, slash)), base: path.slice(slash + 1) };
}

export function joinPath(folder: ByteString, base: ByteString): ByteString {
  return folder === "" ? base : `${folder}/${base}`;
}
