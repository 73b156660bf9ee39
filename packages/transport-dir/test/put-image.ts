import type { Digest } from "@drayage/digest";
import { type Descriptor, isIndexMediaType, parseImageIndex, parseImageManifest } from "@drayage/manifest";
import type { ImageDestination, ImageSource } from "@drayage/transport";

/** Copies an image with all its members, reusing what is there, as a copy engine does. Does not commit. */
export async function putImage(
  source: ImageSource,
  destination: ImageDestination,
  instance?: Digest,
): Promise<void> {
  const { bytes, mediaType } = await source.manifest(instance);
  const parts: Descriptor[] = [];
  if (isIndexMediaType(mediaType)) {
    for (const { digest } of parseImageIndex(bytes, mediaType).manifests) {
      await putImage(source, destination, digest);
    }
  } else {
    const { layers, config } = parseImageManifest(bytes, mediaType);
    parts.push(...layers, ...(config === undefined ? [] : [config]));
  }
  await Promise.all(
    parts.map(async (part) => {
      const options = { kind: "layer", mediaType: part.mediaType } as const;
      if ((await destination.reuseBlob?.(part, options)) !== undefined) return;
      await destination.putBlob(await source.blob(part), options);
    }),
  );
  await destination.putManifest(bytes, { mediaType, instance });
}
