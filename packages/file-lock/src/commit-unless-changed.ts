import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CommitFileOptions, StagedFile } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { acquireLock, type Lock } from "./lock.ts";

export interface CommitUnlessChangedOptions extends CommitFileOptions {
  /** What was at the path when it was looked at; undefined where nothing was. */
  readonly before: Stats | undefined;
  /** What messages call the file. */
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Commits a file that was made of what was at `path`, unless somebody else has changed that since: of two processes
 * that add to one file at the same time, neither loses what the other has added.
 *
 * @throws ERR_DRAYAGE_DESTINATION_EXISTS (retryable) where it was changed, and what `acquireLock` and `commit` throw
 */
export async function commitUnlessChanged(
  file: StagedFile,
  path: string,
  { before, label, mode, signal }: CommitUnlessChangedOptions,
): Promise<void> {
  // Where there was nothing, nothing that was there can be lost. And in a folder such as /tmp a lock that another user's
  // process has left cannot be broken.
  await using lock = before === undefined || before.size === 0 ? undefined : await lockOf(path, signal);
  // Syncing takes long; between the look and the renaming there should be little time.
  await file.sync();
  if (!isUnchanged(before, await statIfThere(path)) || (await lock?.isHeld()) === false) throw changed(label);
  await file.commit(path, { mode });
}

function lockOf(path: string, signal: AbortSignal | undefined): Promise<Lock> {
  const name = digestHex(digestBytes(new TextEncoder().encode(basename(path)))).slice(0, 16);
  return acquireLock(join(dirname(path), `.drayage-lock.${name}`), { signal });
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "write", { path });
  }
}

function isUnchanged(before: Stats | undefined, now: Stats | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  return (
    before.dev === now.dev &&
    before.ino === now.ino &&
    before.size === now.size &&
    before.mtimeMs === now.mtimeMs
  );
}

function changed(label: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DESTINATION_EXISTS",
    `${label} was changed by somebody else while the image was written`,
    { hint: "run the command again", retryable: true },
  );
}
