import { openImageSource } from "@drayage/docker-tar";
import type { ImageSource, SourceOptions } from "@drayage/transport";
import type { ArchiveReference } from "./reference.ts";

/** An image of an archive as a source. */
export function openArchiveSource(
  reference: ArchiveReference,
  options: SourceOptions = {},
): Promise<ImageSource> {
  const { path, text, dockerReference, index } = reference;
  return openImageSource(path, {
    ...options,
    reference,
    dockerReference,
    index,
    shown: `docker-archive:${path}`,
    shownImage: `docker-archive:${text}`,
  });
}
