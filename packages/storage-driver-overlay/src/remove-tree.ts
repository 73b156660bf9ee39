import { rm } from "node:fs/promises";
import { ioError } from "@drayage/errors";

/** Removes a folder and all that is in it, whatever its names are; nothing where it is gone. Follows no link. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw ioError(error, "delete", { path });
  }
}
