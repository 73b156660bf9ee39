import { listLocation } from "@drayage/composite";
import type { DrayContext } from "../context.ts";
import { refuseFlags } from "../flags/refused-flags.ts";
import { openLocations } from "../locations.ts";
import { withOwnNames } from "../manifest-list/buildah-flags.ts";
import { findList } from "../manifest-list/find-list.ts";
import { withoutLogin } from "../manifest-list/source-connection.ts";
import { readTrustPolicy } from "../policy.ts";
import { pushDestination } from "../push-destination.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { pushFromStore } from "../store/push-from-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { ManifestPushFlags } from "./manifest-push.command.ts";

/** `dray manifest push`, as `buildah manifest push`. */
export async function manifestPush(
  this: DrayContext,
  given: ManifestPushFlags,
  text: string,
  to?: string,
): Promise<void> {
  const { signal } = this;
  refuseFlags(given);
  const flags = withOwnNames(given);
  const trust = await readTrustPolicy(this, flags);
  const locations = await openLocations(this, flags.plugin);
  await using store = await openLocalStore(this, flags);
  const found = await findList(this, store, { ...flags, text });
  const destination = await pushDestination(locations, found, to);
  // buildah 1.28 pushes the list alone where nothing is said.
  const all = flags.all ?? this.personality !== "buildah";
  const source = await listLocation(store, found.stored, {
    select: all ? "all" : { instances: [] },
    resolve: (place) => locations.resolve(place, "source"),
    signal,
  });
  await pushFromStore(this, flags, {
    source,
    destination,
    platforms: all ? "all" : [],
    format: flags.format === "docker" ? "v2s2" : flags.format,
    addCompression: flags.addCompression,
    // As newer buildah and podman have it.
    force: flags.forceCompression ?? (flags.compressionFormat === undefined ? undefined : true),
    sourceOptions: withoutLogin(this, flags),
    admit: trust(await storedLocation(store, `@${found.image.id}`)),
  });
  if (flags.rm) await store.deleteImage(found.image.id, { signal });
}
