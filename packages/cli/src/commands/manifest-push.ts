import { listLocation } from "@drayage/composite";
import { copy } from "@drayage/copy";
import { connectionOptions } from "../connection-options.ts";
import type { DrayContext } from "../context.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { openLocations } from "../locations.ts";
import { findList } from "../manifest-list/find-list.ts";
import { withoutLogin } from "../manifest-list/source-connection.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { pushDestination, writeDigest } from "../push-destination.ts";
import { sourceOptions } from "../source-options.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { storedLocation } from "../store/stored-location.ts";
import type { ManifestPushFlags } from "./manifest-push.command.ts";

/** `dray manifest push`, as `buildah manifest push`. */
export async function manifestPush(
  this: DrayContext,
  flags: ManifestPushFlags,
  text: string,
  to?: string,
): Promise<void> {
  const { signal } = this;
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
  await using known = await openKnownBlobs(this, [destination.transport.scheme]);
  const reporter = createReporter(this, {
    style: flags.quiet ? "none" : (flags.progress ?? "auto"),
    verb: "Copying",
    removeSignatures: flags.removeSignatures,
  });
  const { compressionFormat: format, compressionLevel: level } = flags;
  let digest: string;
  try {
    const result = await copy(source, destination, {
      signal,
      platforms: all ? "all" : [],
      format: flags.format === "docker" ? "v2s2" : flags.format,
      removeSignatures: flags.removeSignatures,
      compression: { format, level },
      sourceOptions: withoutLogin(this, flags),
      destinationOptions: {
        ...sourceOptions(this, { tmpdir: flags.tmpdir }),
        connection: connectionOptions(flags),
      },
      admit: trust(await storedLocation(store, `@${found.image.id}`)),
      blobInfoCache: known.blobInfoCache,
      onProgress: (event) => reporter.report(event),
    });
    digest = result.digest;
  } finally {
    reporter.end();
  }
  if (flags.digestfile !== undefined) await writeDigest(flags.digestfile, digest);
  if (flags.rm) await store.deleteImage(found.image.id, { signal });
}
