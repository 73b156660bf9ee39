import { link, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { bytesBlob, createStagedFile, drain, readFileLimited } from "@drayage/blob";
import { errnoOf, ioError, isDrayageError } from "@drayage/errors";

/** A small file's bytes, or undefined where there is none. */
export async function readIfPresent(path: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    return await readFileLimited(path, limit);
  } catch (error) {
    if (errnoOf(isDrayageError(error) ? error.cause : error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a small file of the folder so that there is always the old one or the new one, whole. */
export async function replaceFile(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await using file = await createStagedFile(folder, { mode: 0o644 });
  await drain(bytesBlob(bytes), file.sink);
  await file.commit(join(folder, name));
}

/** The size of a regular file; undefined where there is none. */
export async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? stats.size : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw ioError(error, "read", { path });
  }
}

export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw ioError(error, "delete", { path });
  }
}

/** The names in a folder that are no folders themselves. */
export async function filesOf(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    throw ioError(error, "read the folder", { path });
  }
}

/** The names of everything in a folder. */
export async function namesOf(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    throw ioError(error, "read the folder", { path });
  }
}

export async function kindOf(path: string): Promise<"folder" | "other" | "absent"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "other";
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "absent";
    throw ioError(error, "open", { path });
  }
}

/** Gives a file a second name. False where the file system, or what the file is, does not allow it. */
export async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return true;
    if (
      ["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV", "ENOENT"].includes(
        errnoOf(error) ?? "",
      )
    ) {
      return false;
    }
    throw ioError(error, "write", { path: to });
  }
}
