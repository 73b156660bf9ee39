import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * What a folder holds, as plain data that can be compared: each path below it with its kind, its mode and the digest
 * of its content or its link's target. Times are left out. An absent folder is an empty one.
 */
export async function snapshotTree(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  await walk(folder, "", found);
  return found;
}

async function walk(folder: string, prefix: string, found: Record<string, string>): Promise<void> {
  for (const name of (await namesIn(folder)).sort()) {
    const path = join(folder, name);
    const stats = await lstat(path);
    const key = prefix + name;
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isDirectory()) {
      found[key] = `folder ${mode}`;
      await walk(path, `${key}/`, found);
    } else if (stats.isSymbolicLink()) {
      found[key] = `link to ${await readlink(path)}`;
    } else if (stats.isFile()) {
      const digest = createHash("sha256")
        .update(await readFile(path))
        .digest("hex");
      found[key] = `file ${mode} ${stats.size} ${digest}`;
    } else {
      found[key] = `special ${stats.mode.toString(8)}`;
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
