import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage, newName } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { BuilderFlags } from "./flags.ts";
import { imageNotKnown, said, saidWhile } from "./said.ts";

/** `buildah tag` */
export async function tag(this: DrayContext, flags: BuilderFlags, ...words: string[]): Promise<void> {
  const [name, ...names] = words;
  if (name === undefined || names.length === 0) {
    throw said(`requires at least 2 arg(s), only received ${words.length}`);
  }
  const { env, signal } = this;
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal });
  const found = await findLocalImage(view, name, { env, ...registriesPlace(flags) }).catch(
    (error: unknown) => {
      throw imageNotKnown(name, error);
    },
  );
  const whole = names.map((each) => {
    try {
      return newName(each);
    } catch (error) {
      throw saidWhile(`normalizing name ${JSON.stringify(each)}`, error);
    }
  });
  await store.addNames("image", found.image.id, whole, { signal });
}
