import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type ImageIndex, isImageMediaType } from "@drayage/manifest";
import { readDocument, type SourceDocument } from "./documents.ts";
import type { VariantCompression } from "./options.ts";
import type { DocumentPlan, ImagePlan } from "./plan.ts";
import { planImage } from "./plan-image.ts";
import { type Planning, planningLanes } from "./planning.ts";
import { type FrozenReason, frozenError } from "./side.ts";
import { hasVariants, type ListedImage, missingVariants, type VariantPlan } from "./variants.ts";

export interface VariantCircumstances {
  readonly planning: Planning;
  /** Why the index may not change. */
  readonly frozen: FrozenReason | undefined;
  /** The plan of an image of the index. */
  originalOf(digest: Digest): Promise<DocumentPlan | undefined> | undefined;
}

export interface PlannedVariant {
  readonly named: VariantPlan;
  readonly plan: ImagePlan;
}

/** Plans the images that an index gets besides its own: `PlanOptions.addCompression`. */
export async function planVariants(
  index: ImageIndex,
  circumstances: VariantCircumstances,
): Promise<readonly PlannedVariant[]> {
  const { planning, frozen } = circumstances;
  const { input, scope } = planning;
  if (input.addCompression === undefined || input.addCompression.length === 0) return [];
  const wanted = missingVariants(await imagesOf(index, planning), input);
  const [first] = wanted;
  if (first !== undefined) requireCompressing(first.compression, planning);
  return scope.all(wanted, planningLanes, async (named) => {
    const { digest, compression } = named;
    const original = await circumstances.originalOf(digest);
    const image = original?.kind === "image" ? original : undefined;
    const reason = frozen ?? image?.frozen;
    if (reason !== undefined) throw frozenError(`${digest} is to be there with ${compression}, too`, reason);
    const plan = await planImage(await read(digest, planning), {
      planning: { ...planning, input: { ...input, compression: { format: compression, force: true } } },
      platform: image?.platform,
      frozen: undefined,
      signatures: 0,
      format: input.format,
    });
    return { named, plan: { ...plan, variant: compression } };
  });
}

/** The images of an index whose layers may change: neither lists nor artifacts. */
async function imagesOf({ manifests }: ImageIndex, planning: Planning): Promise<readonly ListedImage[]> {
  const images = manifests
    .map((image, position): ListedImage => ({ image, position }))
    .filter(({ image: { mediaType } }) => mediaType === "" || isImageMediaType(mediaType));
  const mayChange = await planning.scope.all(images, planningLanes, async ({ image }) =>
    hasVariants(await read(image.digest, planning)),
  );
  return images.filter((_, at) => mayChange[at]);
}

function read(digest: Digest, { input, scope }: Planning): Promise<SourceDocument> {
  return readDocument(input.source, digest, { signal: scope.signal });
}

function requireCompressing(compression: VariantCompression, { input }: Planning): void {
  const { accepts, reference } = input.destination;
  if (accepts.layerCompression === "compress") return;
  throw new DrayageError(
    "ERR_DRAYAGE_DESTINATION_REFUSED",
    `${JSON.stringify(reference.text)} takes layers as they are: images cannot be there with ${compression}, too`,
    { side: "destination", hint: "leave out --add-compression, or choose a registry or an OCI layout" },
  );
}
