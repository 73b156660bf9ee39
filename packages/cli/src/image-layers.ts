import { type InspectedImage, inspectImage } from "@drayage/copy";
import { digestHex } from "@drayage/digest";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { isIndexMediaType, type LayerDescriptor, parseImageManifest } from "@drayage/manifest";
import { type ImageSource, layersOf, requireAbility } from "@drayage/transport";
import type { DrayContext } from "./context.ts";
import type { ImageFlags } from "./flags/image-flags.ts";
import { type ImagePath, imagePaths, withPathColon } from "./image-path.ts";
import { chosenPlatform } from "./platform-wish.ts";
import { resolveFirst, resolveSource, type SourceLocation } from "./source-location.ts";
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

interface Wanted {
  readonly text: string;
  /** The command that wants it. */
  readonly what: string;
}

/** Opens an image; of an index the one for the platform that the flags name, else for this machine. */
export async function openImage(
  context: DrayContext,
  flags: ImageFlags,
  { text, what }: Wanted,
): Promise<OpenedImage> {
  return openImageAt(context, flags, await resolveSource(context, flags, { text, what }));
}

/** The same for `IMAGE:/PATH`. */
export async function openImagePath(
  context: DrayContext,
  flags: ImageFlags,
  { text, what }: Wanted,
): Promise<{ readonly opened: OpenedImage; readonly path: string | undefined }> {
  try {
    const { location, reading } = await resolveFirst<ImagePath>(context, flags, {
      readings: imagePaths(text),
      what,
    });
    return { opened: await openImageAt(context, flags, location), path: reading.path };
  } catch (error) {
    throw withMeantPath(error, text);
  }
}

const mayLackColon: ReadonlySet<string> = new Set([
  "ERR_DRAYAGE_IMAGE_NOT_FOUND",
  "ERR_DRAYAGE_REFERENCE_INVALID",
  "ERR_DRAYAGE_TRANSPORT_UNKNOWN",
]);

/** The failure to find an image, with the way that a path in one is written, where one may be meant. */
function withMeantPath(error: unknown, text: string): unknown {
  if (!isDrayageError<string>(error) || !mayLackColon.has(error.code)) return error;
  const meant = withPathColon(text);
  if (meant === undefined) return error;
  const { code, message, op, side, hint } = error;
  const own = `a path in an image stands behind a colon: ${meant}`;
  return new DrayageError(code, message, {
    ...{ op, side, cause: error },
    hint: hint === undefined ? own : `${hint}; ${own}`,
  });
}

/** Opens the image at a place, which is closed with it, or where that fails. */
export async function openImageAt(
  context: DrayContext,
  flags: ImageFlags,
  location: SourceLocation,
): Promise<OpenedImage> {
  const { transport, reference, text } = location;
  let source: ImageSource | undefined;
  const close = async (): Promise<void> => {
    try {
      await source?.close();
    } finally {
      await location[Symbol.asyncDispose]();
    }
  };
  try {
    source = await requireAbility(transport, "openSource").openSource(
      reference,
      imageOptions(context, flags),
    );
    return { source, ...(await describe(source, context, { flags, text })), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function describe(
  source: ImageSource,
  { signal }: DrayContext,
  { flags, text }: { readonly flags: ImageFlags; readonly text: string },
): Promise<Pick<OpenedImage, "image" | "id" | "layers">> {
  const { image, manifest } = await inspectImage(source, { platform: chosenPlatform(flags) ?? {}, signal });
  if (image === undefined) {
    throw new DrayageError("ERR_DRAYAGE_MANIFEST_UNSUPPORTED", `${text} is no image, it has no files`);
  }
  const { bytes, mediaType } = isIndexMediaType(manifest.mediaType)
    ? await source.manifest(image.digest, { signal })
    : manifest;
  const parsed = parseImageManifest(bytes, mediaType);
  const layers = await layersOf(source, parsed, { signal });
  return { image, layers, id: digestHex(parsed.config?.digest ?? image.digest) };
}
