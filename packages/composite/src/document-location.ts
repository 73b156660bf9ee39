import {
  defineTransport,
  derivedSource,
  type ImageReference,
  type Location,
  type RawManifest,
} from "@drayage/transport";

/**
 * A manifest or list that is nowhere yet as a place: the top of a composite whose images are elsewhere.
 *
 * @param text what it is called in messages
 */
export function documentLocation(manifest: RawManifest, text: string): Location {
  const reference: ImageReference = { text };
  const transport = defineTransport({
    scheme: "document",
    summary: "a manifest or list in memory",
    syntax: "made by documentLocation()",
    parse: () => reference,
    openSource: async () => derivedSource({ reference, manifest }),
  });
  return { transport, reference, text };
}
