import { DrayageError } from "@drayage/errors";
import type { DestinationOptions } from "@drayage/transport";
import { answerError } from "./answers.ts";
import { connect, type DockerDaemonOptions } from "./daemon.ts";
import { type DaemonReference, labelOf } from "./reference.ts";

/**
 * What `docker image rm` does: the name goes, and with the image's last name the image. An image that a container uses, or an ID
 * of an image with several names, is refused by the daemon.
 */
export async function deleteImage(
  reference: DaemonReference,
  options: DestinationOptions,
  settings: DockerDaemonOptions,
): Promise<void> {
  const label = labelOf(reference);
  if (options.tagOnly === true) {
    throw new DrayageError(
      "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED",
      `cannot delete the name alone of ${label}: with its last name a daemon deletes an image`,
      { hint: "leave out --tag-only; an image that has other names keeps them" },
    );
  }
  const daemon = await connect(options, settings);
  try {
    const path = `/images/${reference.text}`;
    const response = await daemon.ask({ method: "DELETE", path, signal: options.signal });
    if (response.status === 200) return await response.discard();
    throw await answerError(response, daemon, {
      doing: `delete ${label}`,
      missing: "ERR_DRAYAGE_IMAGE_NOT_FOUND",
    });
  } finally {
    daemon.close();
  }
}
