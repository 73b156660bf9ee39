import { writeFileSync } from "node:fs";
import path from "node:path";
import { createStagedFile } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { DrayageError, ioError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { acquireLock } from "@drayage/file-lock";
import type { Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import { encodeState } from "./encode-state.ts";
import { stateLimit } from "./parse-state.ts";
import type { BuilderState } from "./state.ts";
import { notOfBuildah, readIfThere, readState, statePath } from "./store-state.ts";

/**
 * Stores a state, in one step, unless the file has changed since the state was read from it. Other processes of ours wait meanwhile; buildah knows
 * no lock, so that between the look and the write, microseconds, a change of its own can still be lost.
 *
 * @returns the state as it is stored now
 * @throws ERR_DRAYAGE_CONFLICT (retryable) where somebody else has changed it, ERR_DRAYAGE_CONTAINER_NOT_FOUND, ERR_DRAYAGE_IO
 */
export async function saveState(
  store: Store,
  state: BuilderState,
  { signal }: OperationOptions = {},
): Promise<BuilderState> {
  throwIfAborted(signal, "save a container's state");
  const file = await statePath(store, state.containerId);
  const bytes = encodeState(state);
  if (bytes.length > stateLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `the state of the container ${state.containerId.slice(0, 12)} would have ${bytes.length} bytes, where at most ${stateLimit} are accepted`,
    );
  }
  const revision = digestBytes(bytes);
  if (revision === state.revision) {
    await requireRevision(file, state);
    return state;
  }
  const folder = path.dirname(file);
  await using staged = await createStagedFile(folder, { mode: 0o600 });
  try {
    writeFileSync(staged.fd, bytes);
  } catch (error) {
    throw ioError(error, "write", { path: file });
  }
  await staged.sync();
  await using lock = await acquireLock(path.join(folder, ".drayage-lock"), { signal });
  await requireRevision(file, state);
  if (!(await lock.isHeld())) throw conflict(state);
  await staged.commit(file, { mode: 0o600 });
  return { ...state, revision };
}

/**
 * Changes a container's state: reads it, lets `change` make the next one of it, and stores that; all again where somebody else was faster.
 *
 * @throws what {@link readState} and {@link saveState} throw, and `change`
 */
export async function updateState(
  store: Store,
  id: string,
  change: (state: BuilderState) => BuilderState | Promise<BuilderState>,
  options: OperationOptions = {},
): Promise<BuilderState> {
  for (let tries = 1; ; tries += 1) {
    const state = await readState(store, id, options);
    if (state === undefined) throw notOfBuildah(id);
    try {
      return await saveState(store, await change(state), options);
    } catch (error) {
      if (tries >= 100 || !isDrayageError(error, "ERR_DRAYAGE_CONFLICT") || !error.retryable) throw error;
    }
  }
}

async function requireRevision(file: string, state: BuilderState): Promise<void> {
  const bytes = await readIfThere(file);
  const now = bytes === undefined ? undefined : digestBytes(bytes);
  if (now !== state.revision) throw conflict(state);
}

function conflict({ container, containerId }: BuilderState): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFLICT",
    `the container ${JSON.stringify(container || containerId)} was changed by somebody else meanwhile`,
    { hint: "run the command again", retryable: true },
  );
}
