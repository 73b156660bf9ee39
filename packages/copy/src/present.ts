import { type Descriptor, isImageMediaType, isIndexMediaType, parseImageIndex } from "@drayage/manifest";
import type { ImageReference, ImageSource } from "@drayage/transport";
import { admit } from "./admit.ts";
import { readDocument, type SourceDocument } from "./documents.ts";
import { formatTypes } from "./manifest-type.ts";
import type { PlanOptions } from "./options.ts";
import { type CopyResult, presentResult } from "./result.ts";
import { findInstance, readSelection } from "./select.ts";
import { onDocuments, onSide } from "./side.ts";

export interface PresentInput extends PlanOptions {
  readonly source: ImageSource;
}

/**
 * The result of copying a source to where one image is there already, if that is the very image that would be copied.
 * Undefined where it is another one, and where more has to be known: of an index all images must be there, what is signed
 * is copied with its signatures, and what goes wrong goes wrong once more when the copy is planned.
 */
export async function presentImage(
  input: PresentInput,
  there: Descriptor,
  reference: ImageReference,
): Promise<CopyResult | undefined> {
  return onDocuments(() => find(input, there, reference));
}

async function find(
  input: PresentInput,
  there: Descriptor,
  { dockerReference }: ImageReference,
): Promise<CopyResult | undefined> {
  if (!isImageMediaType(there.mediaType)) return undefined;
  const { source, signal, format } = input;
  const origin = await readDocument(source, undefined, { signal });
  if (input.expectedDigest !== undefined && input.expectedDigest !== origin.digest) return undefined;
  if (!isIndexMediaType(origin.mediaType) && origin.digest !== there.digest) return undefined;
  await admit(origin, undefined, input);
  const root = await chosenImage(origin, there, input);
  if (root === undefined || root.digest !== there.digest) return undefined;
  if (root !== origin) await admit(root, root.digest, input);
  if (format !== undefined && formatTypes[format].image !== root.mediaType) return undefined;
  const wanted = dockerReference?.digest;
  if (wanted !== undefined && wanted !== root.digest && wanted !== origin.digest) return undefined;
  const instance = root === origin ? undefined : root.digest;
  if (input.removeSignatures !== true && source.signatures !== undefined) {
    const read = source.signatures.bind(source);
    const signatures = await onSide("source", "read the signatures", () => read(instance, { signal }));
    if (signatures.length > 0) return undefined;
  }
  return presentResult(root);
}

/** The source's image, or the one of its index that is wanted, which is only read if it is the one that is there. */
async function chosenImage(
  origin: SourceDocument,
  there: Descriptor,
  { source, platforms, signal }: PresentInput,
): Promise<SourceDocument | undefined> {
  if (!isIndexMediaType(origin.mediaType)) return origin;
  const selection = readSelection(platforms);
  if (selection.kind !== "one") return undefined;
  const index = parseImageIndex(origin.bytes, origin.mediaType);
  const isMember = index.manifests.some(({ digest }) => digest === there.digest);
  // The one that is wanted may stand in an inner index: that is left to the plan.
  if (!isMember || index.manifests.some(({ mediaType }) => isIndexMediaType(mediaType))) return undefined;
  const chosen = await findInstance(index, selection.wish, async () => index);
  if (chosen.digest !== there.digest) return undefined;
  return readDocument(source, chosen.digest, { signal });
}
