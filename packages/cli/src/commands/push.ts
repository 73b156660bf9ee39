import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { pushDestination } from "../push-destination.ts";
import { registriesPlace } from "../registries-place.ts";
import { type FoundImage, findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { pushFromStore } from "../store/push-from-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { PushFlags } from "./push.command.ts";

/** `dray push`, as `podman push`. */
export async function push(this: DrayContext, flags: PushFlags, text: string, to?: string): Promise<void> {
  const { env, signal } = this;
  await using store = await openLocalStore(this, flags);
  const found = await findLocalImage(await store.read({ signal }), text, {
    env,
    ...registriesPlace(flags),
  });
  await pushFound(this, flags, { store, found, to });
}

interface ImageToPush {
  readonly store: Store;
  readonly found: FoundImage;
  readonly to: string | undefined;
}

/** Copies an image that was found in the store to elsewhere. */
export async function pushFound(
  context: DrayContext,
  flags: PushFlags,
  { store, found, to }: ImageToPush,
): Promise<void> {
  const trust = await readTrustPolicy(context, flags);
  const locations = await openLocations(context, flags.plugin);
  const source = await storedLocation(store, found.name ?? `@${found.image.id}`);
  const destination = await pushDestination(locations, found, to);
  await pushFromStore(context, flags, {
    source,
    destination,
    guessed: to === undefined,
    format: flags.format,
    force: flags.forceCompression,
    admit: trust(source),
  });
}
