import { stat } from "node:fs/promises";
import { join } from "node:path";
import { bytesBlob, createStagedFile, drain } from "@drayage/blob";
import { errnoOf, ioError } from "@drayage/errors";

/** Writes a small file of the folder so that there is always the old one or the new one, whole. Its mode stays. */
export async function replaceFile(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name);
  const mode = await modeOf(path);
  await using file = await createStagedFile(folder, { mode: 0o644 });
  await drain(bytesBlob(bytes), file.sink);
  await file.commit(path, { mode });
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "read", { path });
  }
}
