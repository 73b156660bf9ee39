import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { DestinationOptions } from "@drayage/transport";
import type { Connections } from "./connections.ts";
import { createPlaces } from "./places.ts";
import { type DockerImageReference, labelOf, readReference, tagOrDigest } from "./reference.ts";

/**
 * Deletes a manifest by its digest, and with it every tag that names it, as skopeo does; with `tagOnly` the tag alone. Of tag and
 * digest the tag must name the digest.
 */
export async function deleteImage(
  reference: DockerImageReference,
  connections: Connections,
  options: DestinationOptions,
): Promise<void> {
  const { signal, tagOnly } = options;
  const label = labelOf(reference);
  throwIfAborted(signal, `delete ${label}`);
  const { tag, digest } = reference.dockerReference;
  const wanted = tagOrDigest(readReference(reference));
  if (tagOnly === true && tag === undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${label} has no tag that could be deleted alone`, {
      hint: "name the tag: docker://NAME:TAG",
    });
  }
  const endpoint = await connections.target(reference.dockerReference, options);
  using places = createPlaces(connections, options);
  const repository = await places.place(endpoint).repository("push");
  const found = await repository.resolve(tag ?? wanted, { signal });
  if (digest !== undefined && found.digest !== digest) throw movedError(label, found.digest);
  if (tagOnly === true && tag !== undefined) await repository.deleteTag(tag, { signal });
  else await repository.deleteManifest(found.digest, { signal });
}

function movedError(label: string, actual: Digest): DrayageError {
  return new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${label}: the tag names ${actual}`, {
    hint: "leave out the tag to delete the digest, or the digest to delete what the tag names",
  });
}
