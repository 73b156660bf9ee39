import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasCode } from "../root/walk.ts";

const mountPoint = "/sys/fs/cgroup";
const attempts = 50;
const pause = 10;

/** Where a runtime makes the control groups of a container of that name: below those of this process, in every hierarchy. */
export function cgroupFolders(name: string): readonly string[] {
  const lines = readFileSync("/proc/self/cgroup", "utf8").split("\n").filter(Boolean);
  return lines.flatMap((line) => {
    const [, controllers = "", ...rest] = line.split(":");
    const own = join("/", rest.join(":"), name);
    const hierarchies =
      controllers === ""
        ? ["", "unified"]
        : [controllers, ...controllers.split(",")].map((one) => one.replace(/^name=/, ""));
    return [...new Set(hierarchies)].map((hierarchy) => join(mountPoint, hierarchy, own));
  });
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
