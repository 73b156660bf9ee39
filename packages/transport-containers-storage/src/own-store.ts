import type { Store } from "@drayage/storage";
import { type OpenContainersStoreOptions, openContainersStore } from "./open-store.ts";
import type { ContainersStorageReference } from "./reference.ts";

/** A store for as long as it is used: one that is opened and closed for it, or one that outlives it. */
export interface BorrowedStore extends AsyncDisposable {
  readonly store: Store;
}

/** Opens the store that a reference is about, unless all references are about a store that is given. */
export async function storeFor(
  { store: place }: ContainersStorageReference,
  { store: given, ...options }: OpenContainersStoreOptions & { readonly store?: Store | undefined },
): Promise<BorrowedStore> {
  if (given !== undefined) return { store: given, [Symbol.asyncDispose]: async () => undefined };
  const store = await openContainersStore(place, options);
  return { store, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}
