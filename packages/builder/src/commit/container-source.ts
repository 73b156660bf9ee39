import { layerMediaType, type SpooledLayer, spoolLayer } from "@drayage/copy";
import type { Store } from "@drayage/storage";
import type { ImageSource } from "@drayage/transport";
import type { CommitOptions } from "../builder.ts";
import type { BuilderState } from "../state/state.ts";
import { commitFacts } from "./commit-facts.ts";
import { containerReference } from "./container-reference.ts";
import { composeImage, layersToMake, newLayersOf } from "./image-source.ts";
import { layersAndFiles } from "./layers-and-files.ts";

/**
 * A working container as an image that can be read: what a commit of it would copy. Layers of its base are those of the store; what
 * changed is read now, and kept compressed in a temporary file until the source is closed. The container must not change meanwhile.
 *
 * @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_CONFIG_INVALID` where the base's history does not tell of all its layers, and what
 * reading the container's files throws
 */
export async function openContainerSource(
  store: Store,
  state: BuilderState,
  options: CommitOptions = {},
): Promise<ImageSource> {
  const { signal, compression = { format: "none" }, destinationOptions } = options;
  const facts = commitFacts(state, options);
  layerMediaType(facts.manifestType, compression.format);
  const linked = { before: options.prependedLayers ?? [], after: options.appendedLayers ?? [] };
  const spooled: SpooledLayer[] = [];
  const close = async (): Promise<void> => {
    for (const layer of spooled.splice(0)) await layer[Symbol.asyncDispose]();
  };
  try {
    await using own = await layersAndFiles(store, state, {
      addFiles: options.addFiles,
      ...{ facts, temporaryDir: destinationOptions?.temporaryDir, signal },
    });
    const layers = layersToMake(own.layers, linked, facts);
    for (const { tar } of newLayersOf(layers)) {
      const { temporaryDir } = destinationOptions ?? {};
      spooled.push(await spoolLayer(tar, { compression, temporaryDir, signal }));
    }
    const { source } = await composeImage(store, {
      reference: containerReference(own.container),
      ...{ facts, layers, linked, close },
      placed: spooled.map(({ layer }) => layer),
      blobDirectory: options.blobDirectory,
    });
    return source;
  } catch (error) {
    await close();
    throw error;
  }
}
