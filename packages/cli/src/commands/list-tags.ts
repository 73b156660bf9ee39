import { DrayageError } from "@drayage/errors";
import { parseNormalizedNamed } from "@drayage/reference";
import { type Location, requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openLocations, requireText } from "../locations.ts";
import { goIndentedJson } from "../output/json.ts";
import { imageOptions } from "../source-options.ts";
import type { ListTagsFlags } from "./list-tags.command.ts";

/** `dray list-tags` */
export async function listTags(this: DrayContext, flags: ListTagsFlags, images: string): Promise<void> {
  const locations = await openLocations(this, flags.plugin);
  const { transport, reference } = await locations.resolve(requireText(images, "list-tags"), "source");
  if (this.personality === "skopeo") refuseTag(transport, images);
  const tags = await requireAbility(transport, "listTags").listTags(reference, imageOptions(this, flags));
  // Elsewhere a place is no repository, and skopeo names none.
  const repository = transport.scheme === "docker" ? reference.dockerReference?.name : undefined;
  this.process.stdout.write(
    flags.plain
      ? tags.map((tag) => `${tag}\n`).join("")
      : goIndentedJson({ Repository: repository, Tags: tags }),
  );
}

/** As skopeo, which lists the tags of a repository and not those beside an image. */
function refuseTag({ scheme }: Location["transport"], text: string): void {
  if (scheme !== "docker") return;
  const { tag, digest } = parseNormalizedNamed(text.slice(text.indexOf(":") + 1).replace(/^\/\//, ""));
  if (tag === undefined && digest === undefined) return;
  throw new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", "No tag or digest allowed in reference");
}
