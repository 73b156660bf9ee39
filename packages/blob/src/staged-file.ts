import { constants } from "node:fs";
import { chmod, type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { type LinkedFile, linkFile } from "./linked-file.ts";
import { thisOwner } from "./owner.ts";
import type { FileSink } from "./sink.ts";
import { claimLeftover } from "./staged-leftovers.ts";
import { formatStagedName, stagedKey } from "./staged-name.ts";
import { syncDirectory } from "./sync-directory.ts";
import { writeError } from "./write-error.ts";

export interface StagedFileOptions {
  /**
   * What the file will hold, a digest by rule. What a killed run has left of it in the folder is taken over.
   * Absent: a new file that nobody resumes.
   */
  readonly key?: string | undefined;
  /** The mode while it is staged, less the umask: 0o666 where absent. */
  readonly mode?: number | undefined;
  /**
   * Lets the file become a hard link of the one that is drained into it, where the file system can. Both are then one
   * file: whoever changes one in place changes the other, and the mode stays that of the source.
   */
  readonly link?: boolean | undefined;
}

export interface CommitFileOptions {
  /** The file's permissions, whatever the umask; those it has where absent. */
  readonly mode?: number | undefined;
}

/** A file beside its later place. Nothing is seen there before {@link commit}. Disposing of it discards it. */
export interface StagedFile extends AsyncDisposable {
  readonly path: string;
  readonly fd: number;
  /** How many bytes were taken over from a killed run. They are not verified: drain to {@link sink}, which does that. */
  readonly present: number;
  /** The whole file, for `drain`. */
  readonly sink: FileSink;
  /** Brings the bytes to the disk, which {@link commit} does anyway: it may take long. */
  sync(): Promise<void>;
  /** Brings the bytes to the disk and the file to its place, in the same file system. */
  commit(finalPath: string, options?: CommitFileOptions): Promise<void>;
  /** Deletes it, unless it was committed. May be called again. */
  discard(): Promise<void>;
}

/**
 * A file in `folder` that is written now and gets its name later. Its name says what it will hold and which process
 * writes it, so that another run finds it after a kill; leftovers of dead processes are deleted.
 *
 * @throws `ERR_DRAYAGE_IO`
 */
export async function createStagedFile(folder: string, options: StagedFileOptions = {}): Promise<StagedFile> {
  const key = stagedKey(options.key ?? "");
  const path = join(folder, formatStagedName({ key, owner: thisOwner() }));
  let handle: FileHandle;
  let present: number;
  try {
    const claimed = await claimLeftover(folder, key, path);
    const how = claimed ? constants.O_NOFOLLOW : constants.O_CREAT | constants.O_EXCL;
    handle = await open(path, constants.O_RDWR | (how ?? 0), options.mode ?? 0o666);
    present = claimed ? (await handle.stat()).size : 0;
  } catch (error) {
    throw ioError(error, "write", { path: folder });
  }
  return stagedFile(handle, { path, present, mayLink: options.link === true });
}

function stagedFile(
  handle: FileHandle,
  { path, present, mayLink }: { path: string; present: number; mayLink: boolean },
): StagedFile {
  const { fd } = handle;
  let linked: LinkedFile | undefined;
  let state: "open" | "committed" | "discarded" = "open";

  async function commit(finalPath: string, options: CommitFileOptions = {}): Promise<void> {
    if (state !== "open") throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(path)} is ${state}`);
    try {
      if (linked === undefined) {
        if (options.mode !== undefined) await setMode(handle, { path, mode: options.mode });
        await handle.sync();
        await rename(path, finalPath);
        state = "committed";
        await handle.close();
      } else {
        linked.moveTo(finalPath);
        state = "committed";
        await remove();
      }
    } catch (error) {
      throw ioError(error, "write", { path: finalPath });
    }
    await syncDirectory(dirname(finalPath));
  }

  async function sync(): Promise<void> {
    try {
      await handle.sync();
    } catch (error) {
      throw writeError(error, path);
    }
  }

  async function discard(): Promise<void> {
    if (state !== "open") return;
    state = "discarded";
    linked?.remove();
    await remove();
  }

  async function remove(): Promise<void> {
    try {
      await handle.close();
    } finally {
      await unlink(path).catch((error: unknown) => {
        if (errnoOf(error) !== "ENOENT") throw ioError(error, "delete", { path });
      });
    }
  }

  function link(from: string): number | undefined {
    if (state !== "open" || linked !== undefined) return undefined;
    linked = linkFile(from, dirname(path));
    return linked?.fd;
  }

  const place = { kind: "file", fd, path, position: 0, whole: true, present } as const;
  const sink: FileSink = mayLink ? { ...place, link } : place;
  return { path, fd, present, sink, sync, commit, discard, [Symbol.asyncDispose]: discard };
}

async function setMode(handle: FileHandle, { path, mode }: { path: string; mode: number }): Promise<void> {
  try {
    await handle.chmod(mode);
  } catch (error) {
    // Under Node's permission model there is only the call that takes a path.
    if ((error as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED") throw error;
    await chmod(path, mode);
  }
}
