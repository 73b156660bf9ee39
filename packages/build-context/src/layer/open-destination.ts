import { chmodSync, chownSync, mkdirSync, rmdirSync, utimesSync } from "node:fs";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import {
  type ByteString,
  type Folder,
  formatOverrideStat,
  openRoot,
  overrideStatXattr,
  textOf,
} from "@drayage/pack";
import { missingOwner, requireSys } from "@drayage/sys";
import type { TarTime } from "@drayage/tar";
import type { OwnerId } from "../owner.ts";

export interface OpenDestinationOptions {
  /** Ids of this machine; undefined where folders are left to whoever makes them. */
  readonly owner: OwnerId | undefined;
  /** Whether one goes on where the owner cannot be set. */
  readonly mayFail: boolean;
  /** The mode of what is made, where owners and modes are kept in attributes; undefined elsewhere. */
  readonly forceMask: number | undefined;
  readonly time: TarTime | undefined;
}

/** The folder that sources are put into. Disposed of before {@link settle}, it takes away folders that were made and have nothing in them. */
export interface OpenDestination extends Disposable {
  readonly folder: Folder;
  /** Sets the times of the folders that were made, once nothing more is put into them. */
  settle(): void;
}

/**
 * Opens a folder of a root file system, name by name, and makes what is missing: mode 755. No link is followed.
 *
 * @param path without links
 * @throws `ERR_DRAYAGE_IO`; `ERR_DRAYAGE_USAGE` where something else than a folder is on the way
 */
export function openDestination(
  root: string,
  path: ByteString,
  { time, ...making }: OpenDestinationOptions,
): OpenDestination {
  const open: Folder[] = [openRoot(root)];
  const places: Place[] = [];
  const made: Folder[] = [];
  let isSettled = false;
  const close = (): void => {
    if (!isSettled) unmake(places);
    for (const folder of open.splice(0)) folder.close();
  };
  try {
    let folder = open[0] as Folder;
    for (const name of path === "" ? [] : path.split("/")) {
      const there = folder.folder(name);
      // Noted first: what goes wrong may do so when the folder is there.
      if (there === undefined) places.push({ parent: folder, name });
      const inner = there ?? makeFolder(folder, name, making);
      open.push(inner);
      if (there === undefined) made.push(inner);
      folder = inner;
    }
    return {
      folder,
      settle() {
        isSettled = true;
        if (time === undefined) return;
        for (const one of made.toReversed()) utimesSync(one.at("."), time.seconds, time.seconds);
      },
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw ioError(error, "make a folder in", { path: root });
  }
}

interface Place {
  readonly parent: Folder;
  readonly name: ByteString;
}

/** Takes folders away, the innermost first. */
function unmake(places: readonly Place[]): void {
  for (const { parent, name } of places.toReversed()) {
    try {
      rmdirSync(parent.at(name));
    } catch {
      // Something is in it, or it was never made: what failed before says why.
    }
  }
}

function makeFolder(
  folder: Folder,
  name: ByteString,
  { owner, mayFail, forceMask }: Omit<OpenDestinationOptions, "time">,
): Folder {
  try {
    mkdirSync(folder.at(name), 0o700);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw ioError(error, "make", { path: textOf(`${folder.path}/${name}`) });
  }
  const inner = folder.folder(name);
  if (inner === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `${JSON.stringify(textOf(name))} of the container is no folder`,
    );
  }
  if (owner !== undefined && forceMask !== undefined) {
    keepInAttribute(inner, owner, forceMask);
    return inner;
  }
  try {
    if (owner !== undefined) chownSync(inner.at("."), owner.uid, owner.gid);
  } catch (error) {
    if (!mayFail || !["EPERM", "EINVAL"].includes(errnoOf(error) ?? "")) {
      inner.close();
      const missing = owner !== undefined && errnoOf(error) === "EINVAL" ? missingOwner(owner) : undefined;
      throw missing ?? ioError(error, "set the owner of", { path: textOf(inner.path) });
    }
  }
  chmodSync(inner.at("."), 0o755);
  return inner;
}

function keepInAttribute(folder: Folder, owner: OwnerId, forceMask: number): void {
  const stat = { ...owner, mode: 0o755, type: "directory", major: 0, minor: 0 } as const;
  try {
    const sys = requireSys("keep owners and modes in extended attributes");
    sys.setXattr(folder.at("."), overrideStatXattr, formatOverrideStat(stat));
    chmodSync(folder.at("."), forceMask);
  } catch (error) {
    folder.close();
    throw ioError(error, "set the owner of", { path: textOf(folder.path) });
  }
}
