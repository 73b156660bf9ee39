import { isDrayageError } from "@drayage/errors";
import type { DrayContext } from "../context.ts";
import { findList } from "../manifest-list/find-list.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { StoreFlags } from "../store/store-flags.ts";

/** `dray manifest exists LIST` */
export async function manifestExists(this: DrayContext, flags: StoreFlags, text: string): Promise<void> {
  await using store = await openLocalStore(this, flags);
  try {
    await findList(this, store, { ...flags, text });
  } catch (error) {
    if (!isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) throw error;
    this.process.exitCode = 1;
  }
}
