/**
 * The transport `containers-storage:`: images in the store that podman, buildah and skopeo share.
 * @module
 */
import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import {
  type DestinationOptions,
  defineTransport,
  type OperationOptions,
  type TransportDefinition,
  type TransportWith,
} from "@drayage/transport";
import type { Drivers } from "./drivers.ts";
import type { FindStoreOptions } from "./open-store.ts";
import { type BorrowedStore, storeFor } from "./own-store.ts";
import { type ContainersStorageReference, parse, scheme } from "./reference.ts";

export { type Drivers, type LoadDriver, loadDriver } from "./drivers.ts";
export {
  type FindStoreOptions,
  type FoundStore,
  findStore,
  type OpenContainersStoreOptions,
  openContainersStore,
} from "./open-store.ts";
export type { ContainersStorageReference } from "./reference.ts";
export type { StorePlace } from "./store-place.ts";

export interface ContainersStorageOptions extends FindStoreOptions {
  /** Used for all references, whatever store they name, and never closed. */
  readonly store?: Store | undefined;
  /** Storage drivers beside overlay and vfs, and those of packages that are installed. */
  readonly drivers?: Drivers | undefined;
  /**
   * Whether compressed layers are also kept as they came, so that they can be given back as such; the setting `keep-blobs` of a
   * destination counts more. It takes about half the place again.
   */
  readonly keepBlobs?: boolean | undefined;
}

/** A transport with all that this one can do. */
export type ContainersStorageTransport = TransportWith<
  "openSource" | "openDestination" | "deleteImage" | "listTags" | "resolveImage" | "policyScopes",
  ContainersStorageReference
>;

/** The transport of the store of podman, buildah and skopeo. */
export function containersStorage(options: ContainersStorageOptions = {}): ContainersStorageTransport {
  const { store, drivers, env, storageConf } = options;

  async function borrow(
    reference: ContainersStorageReference,
    { signal }: OperationOptions,
  ): Promise<BorrowedStore> {
    throwIfAborted(signal, `open ${scheme}:${reference.text}`);
    return storeFor(reference, { store, drivers, env, storageConf, signal });
  }

  const definition = {
    scheme,
    summary: "an image in the store of podman, buildah and skopeo",
    syntax: "[[DRIVER@GRAPHROOT+RUNROOT:OPTIONS]]NAME[:TAG][@DIGEST]|@ID",
    parse,
    async openSource(reference, given = {}) {
      const { openStoredImage } = await import("./source.ts");
      return untilOpen(await borrow(reference, given), (borrowed) =>
        openStoredImage(reference, borrowed, given),
      );
    },
    async openDestination(reference, given = {}) {
      const { openStoreDestination } = await import("./destination.ts");
      const keepBlobs = keepsBlobs(given) ?? options.keepBlobs ?? false;
      return untilOpen(await borrow(reference, given), (borrowed) =>
        openStoreDestination(reference, borrowed, { ...given, keepBlobs }),
      );
    },
    async resolveImage(reference, given = {}) {
      const { resolveStored } = await import("./source.ts");
      await using borrowed = await borrow(reference, given);
      return await resolveStored(reference, borrowed, await borrowed.store.read({ signal: given.signal }));
    },
    async deleteImage(reference, given = {}) {
      const { deleteStored } = await import("./delete.ts");
      await using borrowed = await borrow(reference, given);
      await deleteStored(reference, borrowed.store, given);
    },
    async listTags(reference, given = {}) {
      const { tagsOf } = await import("./list-tags.ts");
      await using borrowed = await borrow(reference, given);
      return await tagsOf(reference, borrowed.store, given);
    },
    async policyScopes(reference) {
      const scopes = await import("./policy-scopes.ts");
      return scopes.policyScopes(reference, { env, storageConf });
    },
  } satisfies TransportDefinition<ContainersStorageReference>;
  return { ...defineTransport<ContainersStorageReference>(definition), ...definition };
}

/** Closes the store where nothing came of it. */
async function untilOpen<T>(
  borrowed: BorrowedStore,
  open: (borrowed: BorrowedStore) => Promise<T>,
): Promise<T> {
  try {
    return await open(borrowed);
  } catch (error) {
    await borrowed[Symbol.asyncDispose]();
    throw error;
  }
}

function keepsBlobs({ settings = {} }: DestinationOptions): boolean | undefined {
  const text = settings["keep-blobs"] ?? settings.keepBlobs;
  if (text === undefined) return undefined;
  if (text === "true" || text === "false") return text === "true";
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `keep-blobs=${JSON.stringify(text)}: write keep-blobs=true or keep-blobs=false`,
  );
}

const transport: ContainersStorageTransport = containersStorage();
export default transport;
