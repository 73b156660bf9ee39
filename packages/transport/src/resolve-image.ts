import {
  type Descriptor,
  guessMediaType,
  isImageMediaType,
  isIndexMediaType,
  manifestDigest,
} from "@drayage/manifest";
import { requireAbility } from "./abilities.ts";
import type { ImageReference, Transport } from "./contract.ts";
import type { SourceOptions } from "./options.ts";

/**
 * Media type, digest and size of an image's manifest or index: from the transport's own `resolveImage`, or by reading it.
 *
 * @throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, and `ERR_DRAYAGE_TRANSPORT_UNSUPPORTED` where the transport cannot be read
 */
export async function resolveImage<R extends ImageReference>(
  transport: Transport<R>,
  reference: R,
  options: SourceOptions = {},
): Promise<Descriptor> {
  if (transport.resolveImage !== undefined) return transport.resolveImage(reference, options);
  const source = await requireAbility(transport, "openSource").openSource(reference, options);
  try {
    const { bytes, mediaType: said } = await source.manifest(undefined, { signal: options.signal });
    // As for copies: what is said to be no manifest at all is what it looks like.
    const mediaType = isImageMediaType(said) || isIndexMediaType(said) ? said : guessMediaType(bytes);
    return { mediaType, digest: manifestDigest(bytes), size: bytes.length };
  } finally {
    await source.close();
  }
}
