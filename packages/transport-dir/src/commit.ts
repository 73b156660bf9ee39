import { lstat, rename } from "node:fs/promises";
import { join } from "node:path";
import { removeLeftovers, stateOf } from "@drayage/blob";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { acquireLock, type Lock } from "@drayage/file-lock";
import { filesOf, kindOf, removeFile, replaceFile, sizeOfFile } from "./files.ts";
import { finishJournal, type Journal, readJournal, writeJournal } from "./journal.ts";
import { isBlobName, isImageName } from "./names.ts";
import { type PrivateName, parsePrivateName, privateName } from "./private-name.ts";

/** Held by whoever commits to a folder, finishes what another began, or takes over what one has left. */
function lockFolder(folder: string, signal?: AbortSignal): Promise<Lock> {
  return acquireLock(join(folder, ".drayage-lock"), { signal });
}

/** Ends the commit of a process that was killed in its midst. */
export async function recover(folder: string, signal?: AbortSignal): Promise<void> {
  if ((await readJournal(folder)) === undefined) return;
  await using _lock = await lockFolder(folder, signal);
  await recoverLocked(folder);
}

async function recoverLocked(folder: string): Promise<void> {
  const journal = await readJournal(folder);
  if (journal !== undefined) await finishJournal(folder, journal);
}

/** After how long, in milliseconds, the files of a process that cannot be seen count as left behind. */
const leftAfter = 24 * 60 * 60 * 1000;

/**
 * Takes over the blobs that killed processes have written in full, and removes what else is left of them.
 * Gives the sizes of the blobs, which have private names of `token` from now on.
 */
export async function adopt(
  folder: string,
  token: string,
  signal?: AbortSignal,
): Promise<Map<string, number>> {
  const adopted = new Map<string, number>();
  if ((await leftovers(folder)).length === 0) return adopted;
  await using _lock = await lockFolder(folder, signal);
  await recoverLocked(folder);
  for (const { path, isDead, name } of await leftovers(folder)) {
    const size = isDead && isBlobName(name) && !adopted.has(name) ? await sizeOfFile(path) : undefined;
    if (size === undefined) {
      await removeFile(path);
      continue;
    }
    await rename(path, join(folder, privateName(token, name))).catch((error: unknown) => {
      throw ioError(error, "write", { path });
    });
    adopted.set(name, size);
  }
  return adopted;
}

/** The blobs that {@link adopt} would take over, with their sizes. */
export async function adoptable(folder: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  if ((await kindOf(folder)) === "absent") return sizes;
  for (const { path, isDead, name } of await leftovers(folder)) {
    const size = isDead && isBlobName(name) && !sizes.has(name) ? await sizeOfFile(path) : undefined;
    if (size !== undefined) sizes.set(name, size);
  }
  return sizes;
}

interface Leftover extends PrivateName {
  readonly path: string;
  readonly isDead: boolean;
}

async function leftovers(folder: string): Promise<readonly Leftover[]> {
  const found: Leftover[] = [];
  for (const text of await filesOf(folder)) {
    const parsed = parsePrivateName(text);
    if (parsed === undefined) continue;
    const state = stateOf(parsed.owner);
    const path = join(folder, text);
    if (state === "dead" || (state === "unknown" && (await ageOf(path)) > leftAfter)) {
      found.push({ ...parsed, path, isDead: state === "dead" });
    }
  }
  return found;
}

/** In milliseconds; 0 for what is gone. */
async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return 0;
    throw ioError(error, "read", { path });
  }
}

export interface ImageCommit {
  readonly folder: string;
  readonly label: string;
  readonly token: string;
  /** Files with private names, by the names that they are to have, with their sizes. */
  readonly put: ReadonlyMap<string, number>;
  /** Files of the earlier image that the new one needs too, with their sizes. */
  readonly reused: ReadonlyMap<string, number>;
  /** Small files that are not written yet: the manifest, its signatures, the version. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly signal: AbortSignal | undefined;
}

/** Makes the folder's image the new one in one step, and then removes what only the earlier one needed. */
export async function commitImage(commit: ImageCommit): Promise<void> {
  const { folder, label, token, put, reused, files, signal } = commit;
  await using lock = await lockFolder(folder, signal);
  await recoverLocked(folder);
  for (const [name, size] of put) await checkSize(join(folder, privateName(token, name)), size, label);
  for (const [name, size] of reused) await checkSize(join(folder, name), size, label);
  for (const [name, bytes] of files) await replaceFile(folder, privateName(token, name), bytes);
  const isNew = (name: string): boolean => put.has(name) || reused.has(name) || files.has(name);
  const earlier = (await filesOf(folder)).filter(isImageName);
  const journal: Journal = {
    token,
    // The blobs first: whoever knows nothing of the journal must find them when the manifest is there.
    places: [...put.keys(), ...files.keys()],
    removals: earlier.filter((name) => !isNew(name)),
  };
  throwIfAborted(signal, `write ${label}`);
  if (!(await lock.isHeld())) throw changed(label);
  await writeJournal(folder, journal);
  await finishJournal(folder, journal);
  await removeLeftovers(folder);
}

async function checkSize(path: string, size: number, label: string): Promise<void> {
  if ((await sizeOfFile(path)) !== size) throw changed(label);
}

/** Removes every file with a private name of `token`, once no journal needs it. */
export async function abandon(folder: string, token: string): Promise<void> {
  await recover(folder);
  for (const text of await filesOf(folder)) {
    if (parsePrivateName(text)?.token === token) await removeFile(join(folder, text));
  }
}

function changed(label: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_DESTINATION_REFUSED",
    `${label} was changed by another process meanwhile`,
    {
      hint: "run the command again",
      retryable: true,
    },
  );
}
