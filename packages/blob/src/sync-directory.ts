import { open } from "node:fs/promises";
import { errnoOf, ioError } from "@drayage/errors";

// What systems say that cannot sync a directory: Windows, and some network and user-space file systems. One that may
// be written to but not read cannot even be opened.
const unsupported: readonly (string | undefined)[] = [
  "EACCES",
  "EBADF",
  "EINVAL",
  "EISDIR",
  "ENOTSUP",
  "EPERM",
];

/** Brings a folder's entries to the disk, so that a rename in it survives a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    const folder = await open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (unsupported.includes(errnoOf(error))) return;
    throw ioError(error, "sync the folder", { path });
  }
}
