import type { DrayContext } from "../context.ts";
import { openLocations } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { pushDestination } from "../push-destination.ts";
import { registriesPlace } from "../registries-place.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { pushFromStore } from "../store/push-from-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { PushFlags } from "./push.command.ts";

/** `dray push`, as `podman push`. */
export async function push(this: DrayContext, flags: PushFlags, text: string, to?: string): Promise<void> {
  const { env, signal } = this;
  const trust = await readTrustPolicy(this, flags);
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  const found = await findLocalImage(await store.read({ signal }), text, {
    env,
    ...registriesPlace(flags),
  });
  const source = await storedLocation(store, found.name ?? `@${found.image.id}`);
  const destination = await pushDestination(locations, found, to);
  await pushFromStore(this, flags, {
    source,
    destination,
    format: flags.format,
    force: flags.forceCompression,
    admit: trust(source),
  });
}
