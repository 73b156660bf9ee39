import { listLocation } from "@drayage/composite";
import type { Store } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { refuseFlags } from "../flags/refused-flags.ts";
import { openLocations } from "../locations.ts";
import { type OtherPushNames, withOwnNames } from "../manifest-list/buildah-flags.ts";
import { type FoundList, findList } from "../manifest-list/find-list.ts";
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
  refuseFlags(given);
  const flags = withOwnNames(given);
  await using store = await openLocalStore(this, flags);
  const found = await findList(this, store, { ...flags, text });
  // buildah 1.28 pushes the list alone where nothing is said.
  const all = flags.all ?? this.personality !== "buildah";
  await pushList(this, flags, { store, found, to, images: all ? "all" : "none" });
}

interface ListToPush {
  readonly store: Store;
  readonly found: FoundList;
  readonly to: string | undefined;
  /** `none`: the list alone. `system`: the image for this machine, without the list. */
  readonly images: "all" | "none" | "system";
}

/** Copies a list that was found in the store, or the image of it for this machine, to elsewhere. */
export async function pushList(
  context: DrayContext,
  flags: Omit<ManifestPushFlags, keyof OtherPushNames>,
  { store, found, to, images }: ListToPush,
): Promise<void> {
  const { signal } = context;
  const trust = await readTrustPolicy(context, flags);
  const locations = await openLocations(context, flags.plugin);
  const destination = await pushDestination(locations, found, to);
  const source = await listLocation(store, found.stored, {
    select: images === "none" ? { instances: [] } : images,
    resolve: (place) => locations.resolve(place, "source"),
    signal,
  });
  await pushFromStore(context, flags, {
    source,
    destination,
    guessed: to === undefined,
    platforms: images === "none" ? [] : images,
    format: flags.format === "docker" ? "v2s2" : flags.format,
    addCompression: flags.addCompression,
    // As newer buildah and podman have it.
    force: flags.forceCompression ?? (flags.compressionFormat === undefined ? undefined : true),
    sourceOptions: withoutLogin(context, flags),
    admit: trust(await storedLocation(store, `@${found.image.id}`)),
  });
  if (flags.rm && images !== "system") await store.deleteImage(found.image.id, { signal });
}
