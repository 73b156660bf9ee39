import { isDrayageError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { StoreFlags } from "../store/store-flags.ts";

/** `dray manifest exists LIST` */
export async function manifestExists(this: DrayContext, flags: StoreFlags, text: string): Promise<void> {
  const { env, signal } = this;
  await using store = await openLocalStore(this, flags);
  try {
    await findLocalImage(await store.read({ signal }), text, { env, registriesConf: flags.registriesConf });
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) throw error;
    this.process.exitCode = 1;
  }
}
