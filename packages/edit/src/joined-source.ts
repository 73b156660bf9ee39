import type { Digest } from "@drayage/digest";
import type { Descriptor, ImageManifest } from "@drayage/manifest";
import { type ImageSource, layersOf, type OperationOptions } from "@drayage/transport";

/** A source that does not close what it reads from. */
function borrowed(source: ImageSource): ImageSource {
  const { reference, remote } = source;
  return {
    reference,
    remote,
    manifest: (instance, options) => source.manifest(instance, options),
    blob: (descriptor, options) => source.blob(descriptor, options),
    ...(source.layers === undefined
      ? {}
      : {
          layers: (manifest: ImageManifest, options?: OperationOptions) =>
            layersOf(source, manifest, options),
        }),
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** An image of another source, some of whose layers are wanted. */
export interface OtherImage {
  readonly source: ImageSource;
  readonly manifest: ImageManifest;
}

/** A source that has the layers of others' images, too. It closes none of them. */
export function joinedSource(source: ImageSource, others: readonly OtherImage[]): ImageSource {
  const elsewhere = new Map<Digest, ImageSource>();
  const note = (from: ImageSource, layers: readonly Descriptor[]): void => {
    for (const { digest } of layers) elsewhere.set(digest, from);
  };
  for (const other of others) note(other.source, other.manifest.layers);
  const layers = async (
    manifest: ImageManifest,
    options?: OperationOptions,
  ): Promise<readonly Descriptor[]> => {
    const other = others.find((image) => image.manifest === manifest);
    if (other === undefined) return layersOf(source, manifest, options);
    const given = await layersOf(other.source, manifest, options);
    note(other.source, given);
    return given;
  };
  const keepsOtherwise = [source, ...others.map((other) => other.source)].some(
    (one) => one.layers !== undefined,
  );
  return {
    ...borrowed(source),
    remote: [source, ...others.map((other) => other.source)].some((one) => one.remote === true),
    blob: (descriptor, options) => (elsewhere.get(descriptor.digest) ?? source).blob(descriptor, options),
    ...(keepsOtherwise ? { layers } : {}),
  };
}
