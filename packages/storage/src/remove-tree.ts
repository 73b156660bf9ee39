import { chmod, readdir, rm } from "node:fs/promises";
import { errnoOf, ioError } from "@drayage/errors";

/**
 * Removes a folder and all that is in it, whatever its names are; nothing where it is gone. Follows no link. Folders that their owner may
 * not write are made writable first where that stands in the way.
 *
 * @throws `ERR_DRAYAGE_IO`
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await remove(Buffer.from(path));
  } catch (error) {
    throw ioError(error, "delete", { path });
  }
}

async function remove(path: Buffer): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (errnoOf(error) !== "EACCES") throw error;
    await makeWritable(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function makeWritable(folder: Buffer): Promise<void> {
  await chmod(folder, 0o700);
  // One character for each byte of a name.
  for (const entry of await readdir(folder, { withFileTypes: true, encoding: "latin1" })) {
    if (entry.isDirectory())
      await makeWritable(Buffer.concat([folder, Buffer.from(`/${entry.name}`, "latin1")]));
  }
}
