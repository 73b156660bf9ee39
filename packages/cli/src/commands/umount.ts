import { DrayageError } from "@drayage/errors";
import type { ImageRecord } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { registriesPlace } from "../registries-place.ts";
import { collectErrors } from "../store/collect-errors.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { UmountFlags } from "./umount.command.ts";

/** `dray umount`, as `podman image umount`. */
export async function umount(this: DrayContext, flags: UmountFlags, ...texts: string[]): Promise<void> {
  if (flags.all ? texts.length > 0 : texts.length === 0) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      flags.all ? "--all takes no names" : "name an image to unmount",
    );
  }
  const { env, signal } = this;
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal });
  const mounted = new Set((await store.mounts()).map(({ layer }) => layer));
  const isMounted = ({ layer }: ImageRecord): boolean => layer !== undefined && mounted.has(layer);
  const unmount = async ({ id }: ImageRecord): Promise<void> => {
    await store.unmount({ image: id }, { signal, force: flags.force });
    this.process.stdout.write(`${id}\n`);
  };
  if (flags.all) {
    await collectErrors(this, view.images.filter(isMounted), unmount);
    return;
  }
  await collectErrors(this, texts, async (text) => {
    const { image } = await findLocalImage(view, text, { env, ...registriesPlace(flags) });
    // As podman: what is not mounted needs no word.
    if (isMounted(image)) await unmount(image);
  });
}
