import { imageNames, openArchive, readImages } from "@drayage/docker-tar";
import { defineTransport, type Transport } from "@drayage/transport";
import { type ArchiveReference, parseArchiveReference } from "./reference.ts";
import { openArchiveSource } from "./source.ts";
import { openArchiveDestination } from "./writer.ts";

/** The transport `docker-archive`: images in the archives that `docker save` writes and `docker load` reads. */
export function dockerArchive(): Transport<ArchiveReference> {
  return defineTransport<ArchiveReference>({
    scheme: "docker-archive",
    summary: "images in an archive that docker load takes",
    syntax: "PATH[:NAME[:TAG]|:@N]",
    parse: parseArchiveReference,
    openSource: openArchiveSource,
    openDestination: openArchiveDestination,
    // As for the Go tools: containers-policy.json has no scopes for this transport but its default.
    policyScopes: () => [],
    async listTags({ path }, options) {
      await using archive = await openArchive(path, { ...options, shown: `docker-archive:${path}` });
      return imageNames(await readImages(archive, options?.signal));
    },
  });
}
