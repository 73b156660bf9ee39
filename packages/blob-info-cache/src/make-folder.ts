import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "@drayage/errors";

/**
 * Makes a folder that only its owner may look into, and those above it that are not there. Not with `recursive`: where a
 * file system says that a folder is not there and cannot be made either, as /proc does, Node would try for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await tryMake(path)) return;
  const above = dirname(path);
  if (above !== path) await makeFolder(above);
  if (!(await tryMake(path))) throw new Error(`${path} cannot be made`);
}

/** Whether the folder, or something of its name, is there now. False where the one above it is not. */
async function tryMake(path: string): Promise<boolean> {
  try {
    await mkdir(path, 0o700);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return true;
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
