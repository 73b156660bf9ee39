import { type Blob, bytesBlob, fileBlob } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { mediaTypes, parseImageManifest } from "@drayage/manifest";
import { defineTransport, derivedSource, type Location } from "@drayage/transport";
import { artifactFile } from "./artifact-file.ts";
import type { ListArtifacts } from "./list-artifacts.ts";

/**
 * An artifact of a list as a place that can be read.
 *
 * @param list the list, as a command names it, for hints
 */
export function artifactLocation(
  artifacts: ListArtifacts,
  digest: Digest,
  list: string,
): Location | undefined {
  const { manifests, blobs } = artifacts;
  const manifest = manifests.get(digest);
  if (manifest === undefined) return undefined;
  const bytes = new TextEncoder().encode(manifest);
  const reference = { text: digest };
  const transport = defineTransport({
    scheme: "list-artifact",
    summary: "an artifact that a list in the store knows by its files",
    syntax: "made of a list",
    parse: () => reference,
    openSource: async (_, { signal } = {}) => {
      const { config, layers } = parseImageManifest(bytes, mediaTypes.ociManifest);
      const own = new Map<Digest, Blob>();
      for (const descriptor of [...(config === undefined ? [] : [config]), ...layers]) {
        const { digest: of, size } = descriptor;
        const given = blobs.get(of);
        if (given !== undefined) {
          own.set(of, bytesBlob(given, { digest: of, what: `the blob ${of}` }));
          continue;
        }
        const file = await artifactFile(artifacts, descriptor, { artifact: digest, list, signal });
        const what = `the artifact's file ${JSON.stringify(file)}`;
        own.set(of, fileBlob(file, { digest: of, size, what }));
      }
      return derivedSource({
        reference,
        manifest: { bytes, mediaType: mediaTypes.ociManifest },
        instances: new Map([[digest, { bytes, mediaType: mediaTypes.ociManifest }]]),
        blobs: own,
      });
    },
  });
  return { transport, reference, text: `the artifact ${digest}` };
}
