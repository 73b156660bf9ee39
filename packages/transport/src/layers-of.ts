import { DrayageError } from "@drayage/errors";
import type { ImageManifest, LayerDescriptor } from "@drayage/manifest";
import type { ImageSource } from "./contract.ts";
import type { OperationOptions } from "./options.ts";

/**
 * The layers of an image as its place gives them, one for each that the manifest names, in their order: what to ask
 * {@link ImageSource.blob} for. They are the manifest's own unless the place keeps them in another form.
 *
 * @throws `ERR_DRAYAGE_LAYOUT_INVALID` where the place has another count of layers
 */
export async function layersOf(
  source: ImageSource,
  manifest: ImageManifest,
  options?: OperationOptions,
): Promise<readonly LayerDescriptor[]> {
  if (source.layers === undefined) return manifest.layers;
  const layers = await source.layers(manifest, options);
  if (layers.length === manifest.layers.length) return layers;
  throw new DrayageError(
    "ERR_DRAYAGE_LAYOUT_INVALID",
    `${source.reference.text}: the manifest names ${manifest.layers.length} layers, and ${layers.length} are there`,
    { hint: "copy the image there anew" },
  );
}
