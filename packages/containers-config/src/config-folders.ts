import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, ioError } from "@drayage/errors";
import { type Environment, homeFolder, variable } from "./environment.ts";

/**
 * Where containers tools have the machine's configuration, the folder that counts more first: the administrator's, then
 * what the system came with.
 */
export const machineFolders: readonly string[] = ["/etc/containers", "/usr/share/containers"];

/**
 * Where they have the user's: newer ones below `$XDG_CONFIG_HOME`, older ones always below `~/.config`. The folder that
 * counts more first.
 */
export function userFolders(env: Environment): readonly string[] {
  const fallback = join(homeFolder(env), ".config");
  const chosen = variable(env, "XDG_CONFIG_HOME") ?? fallback;
  return [...new Set([chosen, fallback])].map((folder) => join(folder, "containers"));
}

/**
 * The first of these files that is there. One that cannot be seen, as in another user's home, is not there, as for
 * containers/image.
 */
export function firstPresent(paths: readonly string[]): string | undefined {
  return paths.find((path) => {
    try {
      return !statSync(path).isDirectory();
    } catch (error) {
      if (absentCodes.has(errnoOf(error) ?? "")) return false;
      throw ioError(error, "read", { path });
    }
  });
}

/** The drop-ins of a folder by their names; none where there is no such folder. */
export function dropIns(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && entry.name.endsWith(".conf"))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch (error) {
    if (absentCodes.has(errnoOf(error) ?? "")) return [];
    throw ioError(error, "read", { path: folder });
  }
}

const absentCodes: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EACCES"]);
