import { type CopyLocationsOptions, copy } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import type { Location } from "@drayage/transport";
import { connectionOptions } from "../connection-options.ts";
import type { DrayContext } from "../context.ts";
import { openKnownBlobs } from "../known-blobs.ts";
import { isCalledBuildah } from "../personality.ts";
import { createReporter } from "../progress/reporter.ts";
import { writeDigest } from "../push-destination.ts";
import { sourceOptions } from "../source-options.ts";
import { noDestination } from "./not-in-store.ts";
import type { SharedPushFlags } from "./push-flags.ts";

interface PushOptions
  extends Pick<CopyLocationsOptions, "platforms" | "format" | "addCompression" | "sourceOptions" | "admit"> {
  readonly source: Location;
  readonly destination: Location;
  /** Whether the destination is a guess, made of the image's name. */
  readonly guessed: boolean;
  /** Whether layers are compressed anew that are compressed otherwise. */
  readonly force: boolean | undefined;
}

/** Copies something of the store to elsewhere, and writes down its digest where that is wanted. */
export async function pushFromStore(
  context: DrayContext,
  flags: SharedPushFlags,
  { source, destination, guessed, force, ...options }: PushOptions,
): Promise<void> {
  const { compressionFormat: format, compressionLevel: level, removeSignatures } = flags;
  if (force === true && format === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--force-compression needs --compression-format");
  }
  await using known = await openKnownBlobs(context, [destination.transport.scheme]);
  const reporter = createReporter(context, {
    style: flags.quiet ? "none" : (flags.progress ?? "auto"),
    verb: "Copying",
    removeSignatures,
  });
  let digest: string;
  try {
    const result = await copy(source, destination, {
      ...options,
      signal: context.signal,
      removeSignatures,
      compression: { format, level, force },
      destinationOptions: {
        ...sourceOptions(context, { tmpdir: flags.tmpdir }),
        // Other transports know what is best for them.
        layerCompression: flags.compress && destination.transport.scheme === "dir" ? "compress" : undefined,
        connection: connectionOptions(flags),
      },
      blobInfoCache: known.blobInfoCache,
      onProgress: (event) => reporter.report(event),
    });
    digest = result.digest;
  } catch (error) {
    throw guessed && !isCalledBuildah(context) ? noDestination(error, destination) : error;
  } finally {
    reporter.end();
  }
  if (flags.digestfile !== undefined) await writeDigest(flags.digestfile, digest);
}
