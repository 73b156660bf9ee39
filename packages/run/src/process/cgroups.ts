import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../root/walk.ts";

const mountPoint = "/sys/fs/cgroup";
const attempts = 50;
const pause = 10;

/**
 * Where a runtime makes the control groups of a container of that name, in every hierarchy: below those of this process, unless the parent is
 * absolute.
 */
export function cgroupFolders(name: string, parent: string): readonly string[] {
  const lines = readFileSync("/proc/self/cgroup", "utf8").split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    const [, controllers = "", ...rest] = line.split(":");
    const own = parent.startsWith("/") ? join(parent, name) : join("/", rest.join(":"), parent, name);
    const hierarchies =
      controllers === ""
        ? ["", "unified"]
        : [controllers, ...controllers.split(",")].map((one) => one.replace(/^name=/, ""));
    return [...new Set(hierarchies)].map((hierarchy) => join(mountPoint, hierarchy, own));
  });
}

/** Of the folders above those of a container, up to its parent's first name, those that are not there: the runtime will make them. */
export function missingParents(folders: readonly string[], parent: string): readonly string[] {
  const levels = parent.split("/").filter((name) => name !== "" && name !== ".").length;
  return folders.flatMap((folder) =>
    Array.from({ length: levels }, (_, level) => join(folder, ...Array<string>(level + 1).fill(".."))).filter(
      (path) => !existsSync(path),
    ),
  );
}

/** Removes what was made above, unless others use it by now. */
export function removeParents(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch (error) {
      const usual = ["ENOENT", "ENOTDIR", "EBUSY", "ENOTEMPTY", "EACCES", "EPERM", "EROFS"];
      if (!usual.some((code) => hasCode(error, code))) throw error;
    }
  }
}

/** Removes those that are there. What their processes were has to be dead; the kernel takes a moment to notice. */
export async function removeCgroups(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let attempt = 1; !tryRemove(folder) && attempt < attempts; attempt++) await delay(pause);
  }
}

function tryRemove(folder: string): boolean {
  try {
    // Its files are no files, and go with it.
    const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const gone = children.map(({ name }) => tryRemove(join(folder, name)));
    if (gone.includes(false)) return false;
    rmdirSync(folder);
    return true;
  } catch (error) {
    // That of another kind of hierarchy, or one that a rootless runtime could not make.
    if (hasCode(error, "ENOENT") || hasCode(error, "EACCES") || hasCode(error, "ENOTDIR")) return true;
    if (hasCode(error, "EBUSY") || hasCode(error, "EPERM") || hasCode(error, "EROFS"))
      return hasCode(error, "EROFS");
    throw error;
  }
}
