import { DrayageError, isDrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import type { OperationOptions } from "@drayage/transport";
import type { Added, AddOptions } from "../builder.ts";
import { applyChanges } from "../state/apply-changes.ts";
import { withPlatform } from "../state/settle.ts";
import type { BuilderState, HistoryItem } from "../state/state.ts";
import { notOfBuildah, readState } from "../state/store-state.ts";
import { addedHistory } from "./added-history.ts";
import { checkName } from "./check-name.ts";
import { mountOther } from "./mount-other.ts";
import type { StoreContainer } from "./store-container.ts";

/**
 * A container of a store whose state was read. What adds, runs and commits is loaded when it is called: who removes containers
 * needs none of it.
 */
export function storeContainer(store: Store, opened: BuilderState): StoreContainer {
  const id = opened.containerId;
  let state = opened;

  async function refresh({ signal }: OperationOptions = {}): Promise<void> {
    const now = await readState(store, id, { signal });
    if (now === undefined) throw notOfBuildah(id);
    state = now;
  }
  async function update(
    change: (state: BuilderState) => BuilderState,
    { signal }: OperationOptions = {},
  ): Promise<void> {
    const { updateState } = await import("../state/save-state.ts");
    const stored = await updateState(store, id, change, { signal });
    state = { ...stored, image: withPlatform(stored.image) };
  }
  async function remember(item: HistoryItem, options: OperationOptions): Promise<void> {
    await update((now) => ({ ...now, prependedEmptyLayers: [...now.prependedEmptyLayers, item] }), options);
  }
  async function addAs(
    instruction: "ADD" | "COPY",
    what: { readonly sources: readonly string[]; readonly destination: string },
    options: AddOptions,
  ): Promise<Added> {
    const { signal } = options;
    await refresh({ signal });
    const { expandArchives = instruction === "ADD" } = options;
    await using mounted = await mountForNow(store, id, signal);
    await using other = await mountOther(store, namedOther(options), signal);
    const { addToContainer } = await import("./add-to-container.ts");
    const added = await addToContainer(mounted.folder, what, {
      ...options,
      expandArchives,
      state,
      fromFolder: other?.folder,
    });
    if (options.addHistory === true) await remember(addedHistory(instruction, added, new Date()), { signal });
    return added;
  }

  return {
    store,
    id,
    get name() {
      return state.container;
    },
    get state() {
      return state;
    },
    refresh,
    add: (sources, destination, options = {}) => addAs("ADD", { sources, destination }, options),
    copy: (sources, destination, options = {}) => addAs("COPY", { sources, destination }, options),
    async config(changes, options = {}) {
      const { env = process.env, onWarning } = options;
      if (options.asGiven !== true) {
        const { checkChanges } = await import("../state/check-changes.ts");
        checkChanges(changes);
      }
      return update((now) => applyChanges(now, changes, { env, now: new Date(), onWarning }), options);
    },
    async run(command, options = {}) {
      const { signal } = options;
      await refresh({ signal });
      const { runHistory, runInContainer } = await import("../run/run.ts");
      const result = await runInContainer(
        {
          state,
          folder: await store.containerFolder(id),
          mount: () => store.mount({ container: id }, { signal }),
          // Also when the command was ended by the signal.
          unmount: async () => void (await store.unmount({ container: id })),
          async mountImage(name) {
            const other = await mountOther(store, name, signal);
            if (other === undefined)
              throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", "an image has no name");
            return { folder: other.folder, release: async () => other[Symbol.asyncDispose]() };
          },
        },
        command,
        options,
      );
      if (options.addHistory === true && result.exitCode === 0) {
        await remember(runHistory(state, command, new Date()), { signal });
      }
      return result;
    },
    async mount({ signal } = {}) {
      await refresh({ signal });
      const mountPoint = await store.mount({ container: id }, { signal });
      try {
        await update((now) => ({ ...now, mountPoint }), { signal });
      } catch (error) {
        await store.unmount({ container: id });
        throw error;
      }
      return mountPoint;
    },
    async unmount({ signal } = {}) {
      await refresh({ signal });
      if (await store.unmount({ container: id }, { signal })) return;
      await update((now) => ({ ...now, mountPoint: undefined }));
    },
    async openSource(options = {}) {
      await refresh(options);
      const { openContainerSource } = await import("../commit/container-source.ts");
      return openContainerSource(store, state, options);
    },
    async commit(to, options = {}) {
      await refresh(options);
      const { commitContainer } = await import("../commit/commit-container.ts");
      return commitContainer(store, state, to, options);
    },
    async rename(name, { signal } = {}) {
      await refresh({ signal });
      await rename(store, state, { name, signal });
      await update((now) => ({ ...now, container: name }), { signal });
    },
    remove: ({ signal } = {}) => store.deleteContainer(id, { signal }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function namedOther({ from }: AddOptions): string | undefined {
  if (typeof from !== "object") return from;
  throw new DrayageError(
    "ERR_DRAYAGE_CONTAINER_UNSUPPORTED",
    `a container of a store takes files of what its store has, and ${from.text} is a place`,
    { hint: "copy the image into the store first, and give its name there" },
  );
}

/** Mounted until it is disposed of. */
async function mountForNow(
  store: Store,
  container: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await store.mount({ container }, { signal });
  return { folder, [Symbol.asyncDispose]: async () => void (await store.unmount({ container })) };
}

async function rename(
  store: Store,
  { container, containerId }: BuilderState,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  checkName(name);
  if (name === container) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the container is called ${JSON.stringify(name)} already`);
  }
  const taken = await findContainer(store, name, signal);
  if (taken !== undefined) {
    throw new DrayageError(
      "ERR_DRAYAGE_NAME_TAKEN",
      `the name ${JSON.stringify(name)} is that of the container ${taken.slice(0, 12)}`,
      { hint: "choose another name" },
    );
  }
  await store.setNames("container", containerId, [name], { signal });
}

async function findContainer(
  store: Store,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const view = await store.read({ signal });
  try {
    return view.findContainer(name)?.id;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_AMBIGUOUS")) return undefined;
    throw error;
  }
}
