import { constants } from "node:fs";
import { posix } from "node:path";
import { DrayageError } from "@drayage/errors";
import type { Sys } from "@drayage/sys";
import { isFolder, lookUp, readText } from "./root/walk.ts";

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
    if (!isFolder(found.mode) && (found.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) !== 0) {
      checkInterpreter(candidate, place);
      return candidate;
    }
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

/** As much as the kernel reads of a first line. */
const firstLineLimit = 256;

/** A runtime would tell of it only as the command's own output. */
function checkInterpreter(program: string, { sys, root, hidden }: CommandPlace): void {
  const text = readText(sys, root, program, firstLineLimit) ?? "";
  const [, interpreter] = /^#![ \t]*(\/[^ \t\n\0]+)/.exec(text) ?? [];
  if (interpreter === undefined || isHidden(interpreter, hidden)) return;
  if (lookUp(sys, root, interpreter) !== undefined) return;
  throw new DrayageError(
    "ERR_DRAYAGE_COMMAND_NOT_FOUND",
    `${JSON.stringify(program)} of the container needs ${JSON.stringify(interpreter)}, which is not there`,
    { hint: "check the first line of the script, and its line ends" },
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
