import { chmod, mkdtemp, readdir, rename } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";
import { removeTree } from "@drayage/storage";

/** A folder that is filled beside its place, under a hidden name. Disposed of before it is committed, nothing of it is left. */
export interface NewFolder extends AsyncDisposable {
  /** Where it is filled. */
  readonly path: string;
  /** Puts it in its place, at once. */
  commit(): Promise<void>;
}

/**
 * Begins a folder. Where one is at its place already, that has to be empty, and is replaced.
 *
 * @throws `ERR_DRAYAGE_USAGE` where the place is taken; `ERR_DRAYAGE_IO`
 */
export async function newFolder(place: string): Promise<NewFolder> {
  const target = resolve(place);
  await requireFree(target, place);
  const path = await begin(target, place);
  let isCommitted = false;
  return {
    path,
    async commit() {
      try {
        await rename(path, target);
      } catch (error) {
        throw refusal(error, place) ?? ioError(error, "make the folder", { path: target });
      }
      isCommitted = true;
    },
    async [Symbol.asyncDispose]() {
      if (!isCommitted) await removeTree(path);
    },
  };
}

async function begin(target: string, place: string): Promise<string> {
  try {
    const path = await mkdtemp(join(dirname(target), ".dray-unpack-"));
    await chmod(path, 0o755);
    return path;
  } catch (error) {
    throw ioError(error, "make a folder beside", { path: place });
  }
}

async function requireFree(target: string, place: string): Promise<void> {
  // Who is in a folder that is replaced is nowhere afterwards.
  if (`${process.cwd()}${sep}`.startsWith(target.endsWith(sep) ? target : `${target}${sep}`)) {
    throw taken(place, "is the current folder, or above it");
  }
  try {
    if ((await readdir(target)).length > 0) throw taken(place, "is not empty");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw refusal(error, place) ?? ioError(error, "read the folder", { path: target });
  }
}

/** What may be in the way of a folder. */
function refusal(error: unknown, place: string): DrayageError | undefined {
  switch (errnoOf(error)) {
    case "ENOTEMPTY":
    case "EEXIST":
      return taken(place, "is not empty");
    case "ENOTDIR":
      return taken(place, "is no folder");
    case "EBUSY":
      return taken(place, "is a mount point");
    default:
      return undefined;
  }
}

function taken(place: string, why: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(place)} ${why}`, {
    hint: "name a folder that is not there yet",
  });
}
