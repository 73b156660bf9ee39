import path from "node:path";
import { readFileLimited } from "@drayage/blob";
import { DrayageError, errnoOf, isDrayageError, throwIfAborted } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import { parseState, stateLimit } from "./parse-state.ts";
import type { BuilderState } from "./state.ts";

/** Buildah's name for the file. */
export const stateFile = "buildah.json";

/**
 * The state of a container by its whole ID; undefined where it is none of buildah's, and has no such file.
 *
 * @throws what `parseState` throws, ERR_DRAYAGE_CONTAINER_NOT_FOUND, ERR_DRAYAGE_STORE_UNSUPPORTED
 */
export async function readState(
  store: Store,
  id: string,
  { signal }: OperationOptions = {},
): Promise<BuilderState | undefined> {
  throwIfAborted(signal, "read a container");
  const file = await statePath(store, id);
  const bytes = await readIfThere(file);
  return bytes === undefined ? undefined : parseState(bytes, file);
}

export function notOfBuildah(id: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
    `the container ${id.slice(0, 12)} is no working container: it has no ${stateFile}`,
    { hint: "podman and others made it: make one of its image, with dray builder from" },
  );
}

/** Where the state of a container is, which must be in the store. */
export async function statePath(store: Store, id: string): Promise<string> {
  if (store.graphRoot === undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_STORE_UNSUPPORTED",
      "a store that keeps nothing on a disk has no working containers",
    );
  }
  // Of a container that is gone there must not be a folder again.
  (await store.read()).container(id);
  return path.join(await store.containerFolder(id), stateFile);
}

export async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFileLimited(file, stateLimit);
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IO") && errnoOf(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}
