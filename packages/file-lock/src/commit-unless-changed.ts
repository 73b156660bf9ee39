import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CommitFileOptions, StagedFile } from "@drayage/blob";
import { digestBytes, digestHex } from "@drayage/digest";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { acquireLock } from "./lock.ts";

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
  const name = digestHex(digestBytes(new TextEncoder().encode(basename(path)))).slice(0, 16);
  await using lock = await acquireLock(join(dirname(path), `.drayage-lock.${name}`), { signal });
  if (!isUnchanged(before, await statIfThere(path)) || !(await lock.isHeld())) throw changed(label);
  await file.commit(path, { mode });
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
