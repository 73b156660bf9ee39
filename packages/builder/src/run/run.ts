import type { RunOptions, RunResult } from "../builder.ts";
import type { BuilderState, HistoryItem } from "../state/state.ts";

/** What is to be known of a working container of a store to run something in it. */
export interface RunnableContainer {
  readonly state: BuilderState;
  /** The container's own folder in the store, where volumes of the image are kept: `<root>/overlay-containers/<id>/userdata`. */
  readonly folder: string;
  /** Mounts it, and counts. Gives the folder where its files are. */
  mount(): Promise<string>;
  unmount(): Promise<void>;
  /** Mounts an image for `--mount from=`. Whoever calls `release` is done with it. Absent: such a mount is refused. */
  readonly mountImage?:
    | ((name: string) => Promise<{ readonly folder: string; release(): Promise<void> }>)
    | undefined;
}

/**
 * Runs a command in a working container as `buildah run` does: with the environment, user, folder, volumes and the other settings
 * of its config and its `buildah.json`, where `options` have no other. The container is mounted meanwhile.
 *
 * The state is not changed: with `addHistory`, who calls puts {@link runHistory} at the end of `prependedEmptyLayers` once the
 * command has ended with 0.
 *
 * @throws what `runCommand` of `@drayage/run` throws
 */
export async function runInContainer(
  container: RunnableContainer,
  command: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  throw new Error(`not yet: ${container.folder} ${command.join(" ")} ${options.user ?? ""}`);
}

/** What `--add-history` says of a command: `/bin/sh -c make install`. */
export function runHistory(
  state: BuilderState,
  command: readonly string[],
  now: Date,
): HistoryItem {
  const shell = state.image.docker.config?.Shell ?? [];
  const words = [shell.length > 0 ? shell.join(" ") : "/bin/sh -c", ...command];
  return { created: now.toISOString(), created_by: words.join(" "), empty_layer: true };
}
