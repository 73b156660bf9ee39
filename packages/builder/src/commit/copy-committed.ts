import { copyImage } from "@drayage/copy";
import { DrayageError } from "@drayage/errors";
import { parseImageManifest } from "@drayage/manifest";
import {
  type BlobInfoCache,
  type DestinationOptions,
  type ImageDestination,
  type ImageSource,
  type Location,
  requireAbility,
} from "@drayage/transport";
import type { CommitOptions, Committed } from "../builder.ts";
import type { AssembledImage } from "./assemble.ts";
import { checkRegistrySources } from "./registry-sources.ts";

interface OpenOptions extends CommitOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly blobInfoCache: BlobInfoCache;
}

/**
 * Opens the place that an image is committed to.
 *
 * @throws `ERR_DRAYAGE_DESTINATION_REFUSED` where BUILD_REGISTRY_SOURCES does, `ERR_DRAYAGE_TRANSPORT_UNSUPPORTED`
 */
export async function openCommitDestination(
  location: Location,
  { env, blobInfoCache, signal, compression, additionalTags, destinationOptions = {} }: OpenOptions,
): Promise<ImageDestination> {
  const transport = requireAbility(location.transport, "openDestination");
  const isUnchecked = checkRegistrySources("commit to", location, env);
  const { connection } = destinationOptions;
  if (isUnchecked && connection?.tlsVerify === true) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "can't require tls verification on an insecured registry");
  }
  const options: DestinationOptions = {
    ...destinationOptions,
    ...(compression?.format === "none" && { acceptUncompressedLayers: true }),
    ...(compression !== undefined && compression.format !== "none" && { layerCompression: "compress" }),
    ...(additionalTags !== undefined && { additionalTags }),
    ...(isUnchecked && { connection: { ...connection, tlsVerify: false } }),
    blobInfoCache,
    signal,
  };
  return transport.openDestination(location.reference, options);
}

/** Copies an image whose new layers are at the destination, or on their way there, and says what became of it. */
export async function copyCommitted(
  { source, diffIds }: Pick<AssembledImage, "diffIds"> & { readonly source: ImageSource },
  destination: ImageDestination,
  options: CommitOptions & { readonly blobInfoCache: BlobInfoCache },
): Promise<Committed> {
  const { compression: wish, blobInfoCache, onProgress, signal, timestamp, sourceDateEpoch } = options;
  const compression =
    wish === undefined || wish.format === "none" ? undefined : { format: wish.format, level: wish.level };
  await using _ = source;
  const { digest, mediaType, manifest } = await copyImage({
    ...{ source, destination, compression, blobInfoCache, onProgress, signal },
    timestamp: timestamp ?? sourceDateEpoch,
    // The bytes of buildah, which copies with containers/image.
    compat: "go",
  });
  const { config } = parseImageManifest(manifest, mediaType);
  const id = (config?.digest ?? digest).split(":")[1] ?? "";
  return {
    ...{ id, mediaType, diffIds },
    configDigest: config?.digest,
    manifestDigest: digest,
    manifestSize: manifest.length,
  };
}
