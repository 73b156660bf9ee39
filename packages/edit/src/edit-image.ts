import {
  type CopyLocationsOptions,
  type CopyOptions,
  type CopyResult,
  copyImage,
  withEnds,
} from "@drayage/copy";
import {
  type BlobInfoCache,
  defineTransport,
  type ImageDestination,
  type ImageSource,
  type Location,
} from "@drayage/transport";
import type { ImageReport } from "./differences.ts";
import type { Edited } from "./edit-source.ts";
import { layersAsTheyAre } from "./layers-as-they-are.ts";
import { type ScratchOptions, scratchSource } from "./scratch.ts";
import { sharedPlace } from "./shared-place.ts";

/** What makes an edited image of a source: `(source, { destination }) => append(source, layers, { destination })`. */
export type EditStep = (source: ImageSource, to: StepOptions) => Promise<Edited>;

/** What every step takes among its options. */
export interface StepOptions {
  readonly destination?: ImageDestination | undefined;
  readonly signal: AbortSignal | undefined;
  readonly admit: CopyOptions["admit"] | undefined;
  readonly onProgress?: CopyOptions["onProgress"] | undefined;
  /** For further sources that a step opens: what is in the registry that is written to is taken over there. */
  readonly blobInfoCache?: BlobInfoCache | undefined;
}

export interface EditImageOptions extends Omit<CopyLocationsOptions, "platforms" | "ifPresent"> {
  /** Where the image that is edited has no place: what it begins with. */
  readonly scratch?: ScratchOptions | undefined;
}

export interface EditImageResult {
  readonly copied: CopyResult;
  readonly images: readonly ImageReport[];
}

/**
 * Edits an image on its way from one place to another, which may be the same. The destination is as it was until all is there. An archive
 * that is there keeps its other images. At the same place the edited image replaces the one before, layers that no edit changes stay as
 * they are, and where nothing changes, nothing is written.
 *
 * @param from `scratch` for an image without layers
 * @throws what the edit and `copyImage` of @drayage/copy throw
 */
export async function editImage(
  from: Location | "scratch",
  to: Location,
  edit: EditStep,
  options: EditImageOptions = {},
): Promise<EditImageResult> {
  const { signal } = options;
  const cache = options.blobInfoCache ?? (await memoryCache());
  const source = from === "scratch" ? scratchLocation(options.scratch) : from;
  const shared = sharedPlace(source, to);
  const isSame = shared === "image";
  const hasNames = (options.destinationOptions?.additionalTags ?? []).length > 0;
  const own: CopyLocationsOptions = {
    ...options,
    blobInfoCache: cache,
    destinationOptions: { ...options.destinationOptions, append: true, replace: isSame },
    ifPresent: undefined,
  };
  return withEnds(source, to, own, async (ends) => {
    const { admit, onProgress } = options;
    const { destination } = ends;
    await using edited = await edit(ends.source, {
      ...{ destination, signal, admit, onProgress },
      blobInfoCache: cache,
    });
    const copied = await copyImage({
      ...own,
      // What is new was made of what was admitted.
      admit: (image, operation) =>
        edited.isNew(image.digest) ? undefined : admit?.({ ...image, source: ends.source }, operation),
      source: edited.source,
      destination: shared === undefined ? destination : layersAsTheyAre(destination),
      platforms: "all",
      // An image that no edit changes is not written to where it is.
      ...(isSame && !hasNames ? { ifPresent: "skip", existing: ends.source } : {}),
    });
    return { copied, images: edited.images };
  });
}

/** Layers of one repository are taken over by another of the same registry, if it is known where they are. */
async function memoryCache(): Promise<BlobInfoCache> {
  return (await import("@drayage/blob-info-cache")).memoryBlobInfoCache();
}

function scratchLocation(options: ScratchOptions | undefined): Location {
  const reference = { text: "scratch" };
  const transport = defineTransport({
    scheme: "scratch",
    summary: "an image without layers",
    syntax: "",
    parse: () => reference,
    openSource: async () => scratchSource(options),
  });
  return { transport, reference, text: "scratch" };
}
