import { isDrayageError } from "@drayage/errors";
import { type DockerReference, parseNormalizedNamed } from "@drayage/reference";
import type { ContainerRecord } from "@drayage/storage";
import type { ImageReference } from "@drayage/transport";

/** A container as an image's place: by its first name. */
export function containerReference({ names: [name = ""] }: ContainerRecord): ImageReference {
  const dockerReference = named(name);
  return { text: name, ...(dockerReference === undefined ? {} : { dockerReference }) };
}

/** Most names of containers are no names of images. */
function named(name: string): DockerReference | undefined {
  if (!name.includes("/")) return undefined;
  try {
    const reference = parseNormalizedNamed(name);
    return name.startsWith(`${reference.domain}/`) ? reference : undefined;
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return undefined;
    throw error;
  }
}
