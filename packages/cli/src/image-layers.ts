import { type InspectedImage, inspectImage } from "@drayage/copy";
import { digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { isIndexMediaType, type LayerDescriptor, parseImageManifest } from "@drayage/manifest";
import { type ImageSource, layersOf, requireAbility } from "@drayage/transport";
import type { DrayContext } from "./context.ts";
import type { ImageFlags } from "./flags/image-flags.ts";
import { openLocations, requireText } from "./locations.ts";
import { chosenPlatform } from "./platform-wish.ts";
import { imageOptions } from "./source-options.ts";

/** An image whose layers and config can be looked at. */
export interface OpenedImage extends AsyncDisposable {
  readonly source: ImageSource;
  readonly image: InspectedImage;
  /** The digest of the config in hex, as podman names images; that of the manifest where there is no config. */
  readonly id: string;
  /** The base first. */
  readonly layers: readonly LayerDescriptor[];
}

/** Opens an image; of an index the one for the platform that the flags name, else for this machine. */
export async function openImage(
  context: DrayContext,
  flags: ImageFlags,
  { text, what }: { readonly text: string; readonly what: string },
): Promise<OpenedImage> {
  const locations = await openLocations(context, flags.plugin);
  const { transport, reference } = await locations.resolve(requireText(text, what), "source");
  const source = await requireAbility(transport, "openSource").openSource(
    reference,
    imageOptions(context, flags),
  );
  try {
    const { image, manifest } = await inspectImage(source, {
      platform: chosenPlatform(flags) ?? {},
      signal: context.signal,
    });
    if (image === undefined) {
      throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", `${text} is no image, it has no files`);
    }
    const { bytes, mediaType } = isIndexMediaType(manifest.mediaType)
      ? await source.manifest(image.digest, { signal: context.signal })
      : manifest;
    const parsed = parseImageManifest(bytes, mediaType);
    const layers = await layersOf(source, parsed, { signal: context.signal });
    const id = digestHex(parsed.config?.digest ?? image.digest);
    return { source, image, id, layers, [Symbol.asyncDispose]: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}
