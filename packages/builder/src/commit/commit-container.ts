import { memoryBlobInfoCache } from "@drayage/blob-info-cache";
import { layerCache } from "@drayage/build-context";
import { layerMediaType } from "@drayage/copy";
import { isDrayageError } from "@drayage/errors";
import { parseNormalizedNamed } from "@drayage/reference";
import type { LayerRecord, Store } from "@drayage/storage";
import type { BlobInfoCache, Location } from "@drayage/transport";
import { containersStorage } from "@drayage/transport-containers-storage";
import type { CommitOptions, Committed } from "../builder.ts";
import type { BuilderState } from "../state/state.ts";
import { commitFacts } from "./commit-facts.ts";
import { containerReference } from "./container-reference.ts";
import { copyCommitted, openCommitDestination } from "./copy-committed.ts";
import { composeImage, layersToMake, newLayersOf } from "./image-source.ts";
import { layersAndFiles } from "./layers-and-files.ts";
import { placeLayers } from "./place-layers.ts";

/**
 * Copies a working container of a store, as an image, to any place; into its store, under no name, where there is none.
 *
 * Files are read once: packed, hashed, compressed in parallel, and sent to the destination. What an earlier commit has found out of a tree that has not
 * changed since is not read again where the destination has it. An archive, which shows the order of its blobs, waits for the base's layers: what
 * changed is kept compressed in a temporary file meanwhile. Nothing is seen at the destination before all of it is there.
 *
 * @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_DESTINATION_REFUSED`, `ERR_DRAYAGE_CONFIG_INVALID` where the base's history does not tell of all its
 * layers, `ERR_DRAYAGE_ABORTED`, and what `copyImage` throws
 */
export async function commitContainer(
  store: Store,
  state: BuilderState,
  to: Location | undefined,
  options: CommitOptions = {},
): Promise<Committed> {
  const { signal, env = process.env, compression, blobDirectory, destinationOptions = {} } = options;
  const facts = commitFacts(state, options);
  layerMediaType(facts.manifestType, compression?.format ?? "none");
  const linked = { before: options.prependedLayers ?? [], after: options.appendedLayers ?? [] };
  const blobInfoCache = options.blobInfoCache ?? memoryBlobInfoCache();
  await using own = await layersAndFiles(store, state, {
    addFiles: options.addFiles,
    ...{ facts, temporaryDir: destinationOptions.temporaryDir, signal },
  });
  const layers = layersToMake(own.layers, linked, facts);
  const reused = layers.flatMap((layer) => (layer.kind === "reused" ? [layer.record] : []));
  tellOfBase(blobInfoCache, state, reused);
  const location = to ?? ownStore(store);
  await using destination = await openCommitDestination(location, { ...options, env, blobInfoCache });
  await using placed = await placeLayers(destination, newLayersOf(layers), {
    manifestType: facts.manifestType,
    below: reused.length,
    cache: options.layerCache ?? layerCache({ env }),
    temporaryDir: destinationOptions.temporaryDir,
    ...{ compression, blobDirectory, signal, onProgress: options.onProgress },
  });
  const image = await composeImage(store, {
    reference: containerReference(own.container),
    ...{ facts, layers, linked, blobDirectory },
    placed: placed.layers,
  });
  return await copyCommitted(image, destination, { ...options, blobInfoCache });
}

/** The container's own store, where an image of no name is found by its ID. */
function ownStore(store: Store): Location {
  return { transport: containersStorage({ store }), reference: { text: "" }, text: "containers-storage:" };
}

/**
 * Registries know the base's layers as the blobs that they came as: with these told, those that are there are not sent again, and
 * those of the base's own repository are taken over from it.
 */
function tellOfBase(cache: BlobInfoCache, { fromImage }: BuilderState, layers: readonly LayerRecord[]): void {
  const base = baseRepository(fromImage);
  for (const { diffDigest, compressedDigest: digest, compressedSize: size, compression } of layers) {
    if (diffDigest === undefined || digest === undefined || digest === diffDigest) continue;
    if (compression === "unknown" || compression === "none") continue;
    cache.recordVariant(diffDigest, { digest, size, compression });
    if (base !== undefined) cache.recordLocation(digest, { transport: "docker", ...base });
  }
}

function baseRepository(name: string): { readonly scope: string; readonly location: string } | undefined {
  try {
    const { domain, path } = parseNormalizedNamed(name);
    return domain === "localhost" ? undefined : { scope: domain, location: path };
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}
