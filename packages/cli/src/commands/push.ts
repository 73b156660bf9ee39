import { copy } from "@drayage/copy";
import { connectionOptions } from "../connection-options.ts";
import type { DrayContext } from "../context.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { openLocations } from "../locations.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter } from "../progress/reporter.ts";
import { pushDestination, writeDigest } from "../push-destination.ts";
import { sourceOptions } from "../source-options.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { openLocalStore } from "../store/open-local-store.ts";
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
    registriesConf: flags.registriesConf,
  });
  const source = await storedLocation(store, found.name ?? `@${found.image.id}`);
  const destination = await pushDestination(locations, found, to);
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
      format: flags.format,
      removeSignatures: flags.removeSignatures,
      compression: { format, level },
      destinationOptions: {
        ...sourceOptions(this, { tmpdir: flags.tmpdir }),
        connection: connectionOptions(flags),
      },
      admit: trust(source),
      blobInfoCache: known.blobInfoCache,
      onProgress: (event) => reporter.report(event),
    });
    digest = result.digest;
  } finally {
    reporter.end();
  }
  if (flags.digestfile !== undefined) await writeDigest(flags.digestfile, digest);
}
