import type { Digest } from "@drayage/digest";
import { type ImageSource, type Location, requireAbility, type Transport } from "@drayage/transport";

/**
 * A manifest that the place of another image holds, as an image of its own: for places that give no name to it, such as what refers
 * to an image in a layout.
 */
export function instanceLocation({ transport, reference, text }: Location, digest: Digest): Location {
  const { openSource } = requireAbility(transport, "openSource");
  // It is asked what the image is, not this.
  const { resolveImage: _, ...others } = transport;
  const own: Transport = {
    ...others,
    openSource: async (_, options) => instanceSource(await openSource(reference, options), digest),
  };
  return { transport: own, reference, text: `${text}@${digest}` };
}

function instanceSource(source: ImageSource, digest: Digest): ImageSource {
  return {
    reference: source.reference,
    manifest: (instance = digest, options) => source.manifest(instance, options),
    blob: source.blob.bind(source),
    ...(source.signatures && {
      signatures: (instance: Digest = digest, options) =>
        source.signatures?.(instance, options) ?? Promise.resolve([]),
    }),
    ...(source.referrers && { referrers: source.referrers.bind(source) }),
    close: () => source.close(),
    [Symbol.asyncDispose]: () => source.close(),
  };
}
