import { DrayageError, withSide } from "@drayage/errors";
import { requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openLocations, requireText } from "../locations.ts";
import { imageOptions } from "../source-options.ts";
import type { DeleteFlags } from "./delete.command.ts";

/** `dray delete` */
export async function deleteImage(this: DrayContext, flags: DeleteFlags, image: string): Promise<void> {
  const locations = await openLocations(this, flags.plugin);
  const { transport, reference } = await locations.resolve(requireText(image, "delete"));
  // What ignores the flag would delete more than was asked for.
  if (flags.tagOnly && !["containers-storage", "docker"].includes(transport.scheme)) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      `--tag-only: ${transport.scheme} has no tags to delete alone`,
      {
        hint: "it is for docker:// and containers-storage:",
      },
    );
  }
  const options = { ...imageOptions(this, flags), tagOnly: flags.tagOnly };
  try {
    await requireAbility(transport, "deleteImage").deleteImage(reference, options);
  } catch (error) {
    // skopeo has a status of its own only for images that were to be read.
    throw this.personality === "skopeo" ? withSide(error, "destination") : error;
  }
}
