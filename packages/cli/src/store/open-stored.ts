import { lstat } from "node:fs/promises";
import { errnoOf, ioError, isDrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import { findStore } from "@drayage/transport-containers-storage";
import type { DrayContext } from "../context.ts";
import { type RegistriesPlace, registriesPlace } from "../registries-place.ts";
import type { SourceLocation } from "../source-location.ts";
import { type FoundImage, findLocalImage } from "./find-local-image.ts";
import { openLocalStore, storePlace } from "./open-local-store.ts";
import type { StorePlaceFlags } from "./store-flags.ts";
import { storedLocation } from "./stored-location.ts";

/** Opens the store for an image of it. Undefined where it has none of this name or ID, and where there is no store, which is not made. */
export async function openStored(
  context: DrayContext,
  flags: StorePlaceFlags & RegistriesPlace,
  name: string,
): Promise<SourceLocation | undefined> {
  const { graphRoot } = await findStore(storePlace(flags), { env: context.env });
  if (!(await isThere(graphRoot))) return undefined;
  const store = await openLocalStore(context, flags);
  try {
    const found = await find(store, context, { name, ...flags });
    if (found !== undefined) {
      return {
        ...(await storedLocation(store, found.name ?? `@${found.image.id}`)),
        stored: { store, found },
        [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
      };
    }
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  await store[Symbol.asyncDispose]();
  return undefined;
}

async function find(
  store: Store,
  { env, signal }: DrayContext,
  { name, ...flags }: RegistriesPlace & { readonly name: string },
): Promise<FoundImage | undefined> {
  try {
    return await findLocalImage(await store.read({ signal }), name, { env, ...registriesPlace(flags) });
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw ioError(error, "look for the store", { path });
  }
}
