import { isDrayageError } from "@drayage/errors";
import type { Store } from "@drayage/storage";
import { manifestAdd } from "../commands/manifest-add.ts";
import { manifestCreate } from "../commands/manifest-create.ts";
import type { DrayContext } from "../context.ts";
import type { GlobalFlags } from "../global-flags.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import type { StorePlaceFlags } from "../store/store-flags.ts";

export interface AddToListOptions {
  readonly store: Store;
  readonly flags: StorePlaceFlags & Pick<GlobalFlags, "registriesConf" | "registriesConfDir">;
  readonly list: string;
  /** Of an image of the store. */
  readonly id: string;
}

/** Adds an image to a list of the store, which is made where it is missing. Nothing is printed. */
export async function addToList(
  context: DrayContext,
  { store, flags, list, id }: AddToListOptions,
): Promise<void> {
  const silent: DrayContext = {
    ...context,
    process: { ...context.process, stdout: { write: () => true } },
  };
  const { root, runroot, storageDriver, storageOpt, registriesConf, registriesConfDir } = flags;
  const place = {
    ...(root === undefined ? {} : { root }),
    ...(runroot === undefined ? {} : { runroot }),
    ...(storageDriver === undefined ? {} : { storageDriver }),
    ...(storageOpt === undefined ? {} : { storageOpt }),
    ...(registriesConf === undefined ? {} : { registriesConf }),
    ...(registriesConfDir === undefined ? {} : { registriesConfDir }),
  };
  if (!(await isThere(context, { store, flags, list }))) await manifestCreate.call(silent, place, list);
  await manifestAdd.call(silent, place, list, id);
}

async function isThere(
  { env, signal }: DrayContext,
  { store, flags, list }: Omit<AddToListOptions, "id">,
): Promise<boolean> {
  try {
    await findLocalImage(await store.read({ signal }), list, { env, ...registriesPlace(flags) });
    return true;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return false;
    throw error;
  }
}
