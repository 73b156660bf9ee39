import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage, newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { StoreFlags } from "../store/store-flags.ts";

/** `dray tag IMAGE NAME…` */
export async function tag(this: DrayContext, flags: StoreFlags, ...texts: string[]): Promise<void> {
  const [text = "", ...names] = texts;
  const whole = names.map(newName);
  const { env, signal } = this;
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal });
  const { image } = await findLocalImage(view, text, { env, ...registriesPlace(flags) });
  await store.addNames("image", image.id, whole, { signal });
}
