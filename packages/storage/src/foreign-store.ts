import { type Stats, statSync } from "node:fs";
import path from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";

/**
 * Whose a store is that this process may not look into. The folders in it are its owner's alone, and which one is met first says nothing to
 * anybody.
 *
 * @throws `ERR_DRAYAGE_IO`
 */
export function refuseForeignStore({
  graphRoot,
  driver,
}: {
  readonly graphRoot: string;
  readonly driver: string;
}): void {
  const stats = statIfThere(graphRoot);
  if (stats === undefined || stats.uid === process.geteuid?.()) return;
  const inside = [driver, `${driver}-images`, `${driver}-layers`].map((name) => path.join(graphRoot, name));
  const denied = [graphRoot, ...inside].map(deniedError).find((error) => error !== undefined);
  if (denied === undefined) return;
  const owner = stats.uid === 0 ? "root" : `the user with the number ${stats.uid}`;
  throw new DrayageError("ERR_DRAYAGE_IO", `the store at ${JSON.stringify(graphRoot)} belongs to ${owner}`, {
    hint: "name a store of your own (--root and --runroot, or a storage.conf that CONTAINERS_STORAGE_CONF names), or run as its owner",
    cause: denied,
  });
}

function statIfThere(folder: string): Stats | undefined {
  try {
    return statSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw ioError(error, "open the store", { path: folder });
  }
}

function deniedError(folder: string): unknown {
  try {
    // What is in a folder can be asked about by those who may enter it.
    statSync(`${folder}/.`);
    return undefined;
  } catch (error) {
    return errnoOf(error) === "EACCES" ? error : undefined;
  }
}
