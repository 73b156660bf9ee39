import { writeFile } from "node:fs/promises";
import { digestBytes } from "@drayage/digest";
import { DrayageError, ioError, isDrayageError, throwIfAborted } from "@drayage/errors";
import { randomId, type Store } from "@drayage/storage";
import { encodeState } from "../state/encode-state.ts";
import type { BuilderState } from "../state/state.ts";
import { stateFile } from "../state/store-state.ts";
import { namePrefix } from "./base-name.ts";
import { checkName } from "./check-name.ts";
import { newState, type UnnamedState } from "./new-state.ts";
import { storeContainer } from "./open-store-container.ts";
import type { CreateContainerOptions } from "./options.ts";
import { type Base, resolveBase } from "./pull-base.ts";
import type { StoreContainer } from "./store-container.ts";
import { carryOutTriggers } from "./triggers.ts";

/**
 * Makes a working container from an image, or from nothing (`scratch`), as `buildah from` does. It is seen by others once all of it is there.
 *
 * @throws ERR_DRAYAGE_IMAGE_NOT_FOUND, ERR_DRAYAGE_PLATFORM_NOT_FOUND, ERR_DRAYAGE_AMBIGUOUS, ERR_DRAYAGE_NAME_TAKEN, ERR_DRAYAGE_USAGE
 * where an option is none, and what `copy` throws
 */
export async function createWorkingContainer(
  store: Store,
  options: CreateContainerOptions,
): Promise<StoreContainer> {
  const { signal, name, cidFile } = options;
  throwIfAborted(signal, "make a container");
  requireDisk(store);
  if (name !== undefined) checkName(name);
  const base = await resolveBase(store, options);
  const chain =
    base?.image.layer === undefined
      ? []
      : (await store.read({ signal })).chain(base.image.layer).map(({ id }) => id);
  // Another process might prune the base as soon as it is there.
  await using _hold = await store.hold(chain, { why: `container from ${base?.text ?? "scratch"}`, signal });
  const draft = await newState(store, base, options);
  const state = await putContainer(store, draft, { base, options });
  const container = storeContainer(store, state);
  try {
    if (options.onBuild !== false) await carryOutTriggers(container, options);
    if (cidFile !== undefined) await writeCidFile(cidFile, container.id);
  } catch (error) {
    await container.remove();
    throw error;
  }
  return container;
}

function requireDisk({ graphRoot }: Store): void {
  if (graphRoot !== undefined) return;
  throw new DrayageError(
    "ERR_DRAYAGE_STORE_UNSUPPORTED",
    "a store that keeps nothing on a disk has no working containers",
    { hint: "use a pipeline: createPipeline needs no store" },
  );
}

async function putContainer(
  store: Store,
  draft: UnnamedState,
  { base, options }: { readonly base: Base | undefined; readonly options: CreateContainerOptions },
): Promise<BuilderState> {
  const { signal, suffix = "working-container" } = options;
  const wanted = options.name ?? (base === undefined ? suffix : `${namePrefix(draft.fromImage)}-${suffix}`);
  for (;;) {
    const name = options.name ?? (await freeName(store, wanted));
    const id = randomId();
    const state: BuilderState = { ...draft, container: name, containerId: id };
    const bytes = encodeState(state);
    try {
      await store.createContainer(
        {
          id,
          names: [name],
          image: base?.image.id,
          flags: { Volatile: true },
          files: new Map([[stateFile, bytes]]),
        },
        { signal },
      );
      return { ...state, revision: digestBytes(bytes) };
    } catch (error) {
      // Another process may have taken the name meanwhile.
      if (options.name !== undefined || !isDrayageError(error, "ERR_DRAYAGE_NAME_TAKEN")) throw error;
    }
  }
}

async function freeName(store: Store, wanted: string): Promise<string> {
  const { containers } = await store.read();
  const taken = new Set(containers.flatMap(({ names }) => names));
  for (let number = 0; ; number += 1) {
    const name = number === 0 ? wanted : `${wanted}-${number}`;
    if (!taken.has(name)) return name;
  }
}

async function writeCidFile(file: string, id: string): Promise<void> {
  try {
    await writeFile(file, id);
  } catch (error) {
    throw ioError(error, "write the container's ID", { path: file });
  }
}
