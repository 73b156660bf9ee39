import type { Stats } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createStagedFile, openByteWriter, type StagedFile, temporaryFolder } from "@drayage/blob";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { commitUnlessChanged } from "@drayage/file-lock";
import type { DestinationOptions } from "@drayage/transport";

/** Where an archive goes. */
export interface ArchiveTarget {
  /** Whether a file is there, whose images may be kept. */
  readonly exists: boolean;
  /** The file that the archive grows in. */
  stage(): Promise<StagedFile>;
  /** Brings the whole archive to its place. */
  publish(file: StagedFile, signal?: AbortSignal): Promise<void>;
}

/**
 * What a path stands for: a file, which is replaced by renaming, or a pipe or device, which gets the bytes at the end.
 *
 * With `append`, the file is not replaced if somebody else has changed it meanwhile: what they have added would be lost.
 *
 * @throws ERR_DRAYAGE_DESTINATION_REFUSED
 */
export async function archiveTarget(
  path: string,
  { append = false, temporaryDir }: DestinationOptions,
): Promise<ArchiveTarget> {
  const label = JSON.stringify(path);
  const full = resolve(path);
  const stats = await statIfPresent(full);
  if (stats?.isDirectory() === true || path.endsWith("/")) {
    throw refused(`${label} is a folder, not an archive`, "a layout in a folder is written by oci-dir:");
  }
  // A descriptor that leads to a file is not that file: whoever opened it holds it, not its name.
  const isDescriptor = /^\/(?:dev|proc)\//.test(full);
  if (isDescriptor || (stats !== undefined && !stats.isFile())) return streamTarget(full, temporaryDir);
  const place = stats === undefined ? await newPlace(full, label) : await realpath(full);
  return {
    exists: stats !== undefined && stats.size > 0,
    stage: () => createStagedFile(dirname(place)),
    publish(file, signal) {
      const mode = stats && stats.mode & 0o777;
      return append
        ? commitUnlessChanged(file, place, { before: stats, label, mode, signal })
        : file.commit(place, { mode });
    },
  };
}

/** A dangling link is replaced, since what it leads to may be anywhere. */
async function newPlace(path: string, label: string): Promise<string> {
  const folder = dirname(path);
  if ((await statIfPresent(folder))?.isDirectory() === true)
    return join(await realpath(folder), basename(path));
  throw refused(
    `${JSON.stringify(folder)} is not a folder`,
    `create it first, so that ${label} can be created in it`,
  );
}

async function statIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw ioError(error, "write", { path });
  }
}

function streamTarget(path: string, temporaryDir: string | undefined): ArchiveTarget {
  return {
    exists: false,
    stage: async () => createStagedFile(await temporaryFolder(temporaryDir), { mode: 0o600 }),
    publish: (file, signal) => stream(file, path, signal),
  };
}

const chunkSize = 1024 * 1024;

async function stream(file: StagedFile, path: string, signal: AbortSignal | undefined): Promise<void> {
  const output = await openByteWriter(path, { signal });
  try {
    await using input = await open(file.path, "r");
    const buffer = new Uint8Array(chunkSize);
    for (let position = 0; ; ) {
      const { bytesRead } = await input.read(buffer, 0, chunkSize, position);
      if (bytesRead === 0) break;
      await output.write(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    await output.close();
  }
  await file.discard();
}

function refused(message: string, hint: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", message, { hint });
}
