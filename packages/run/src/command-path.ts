import { constants } from "node:fs";
import { posix } from "node:path";
import { DrayageError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import { isFolder, lookUp } from "./root/walk.ts";

export interface CommandPlace {
  readonly sys: Sys;
  readonly root: number;
  readonly cwd: string;
  readonly env: readonly string[];
  /** Folders that are something else in the container than in the root file system, as something is mounted there. */
  readonly hidden: readonly string[];
}

const { S_IXGRP, S_IXOTH, S_IXUSR } = constants;

/**
 * The path of a program in the root file system, as a shell finds it in PATH. What lies where something will be mounted is not looked at.
 *
 * @throws `ERR_DRAYAGE_COMMAND_NOT_FOUND` and `ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE`
 */
export function commandPath(name: string, place: CommandPlace): string {
  const { cwd, env } = place;
  const folders = name.includes("/") ? [cwd] : pathOf(env).map((folder) => posix.resolve(cwd, folder));
  const candidates = folders.map((folder) => posix.resolve(folder, name));
  let refused: string | undefined;
  for (const candidate of candidates) {
    if (isHidden(candidate, place.hidden)) return candidate;
    const found = lookUp(place.sys, place.root, candidate);
    if (found === undefined) continue;
    if (!isFolder(found.mode) && (found.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) !== 0) return candidate;
    refused ??= candidate;
  }
  if (refused !== undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE",
      `${JSON.stringify(refused)} of the container is no program: permission denied`,
      {
        hint: `make it executable, as with chmod +x, or name another`,
      },
    );
  }
  const where = name.includes("/") ? "the container" : "the PATH of the container";
  throw new DrayageError(
    "ERR_DRAYAGE_COMMAND_NOT_FOUND",
    `there is no ${JSON.stringify(name)} in ${where}: no such file or directory`,
    {
      hint: "check the name, and whether the image has the program; what only a shell knows needs sh -c",
    },
  );
}

function isHidden(path: string, hidden: readonly string[]): boolean {
  return hidden.some(
    (folder) => path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`),
  );
}

function pathOf(env: readonly string[]): readonly string[] {
  const text = env.findLast((entry) => entry.startsWith("PATH="))?.slice("PATH=".length);
  // An empty entry is the current folder.
  return (text ?? "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin").split(":");
}
