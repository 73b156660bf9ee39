import { requireAbility } from "@drayage/transport";
import type { DrayContext } from "../context.ts";
import { openLocations, requireText } from "../locations.ts";
import { goIndentedJson } from "../output/json.ts";
import { imageOptions } from "../source-options.ts";
import type { ListTagsFlags } from "./list-tags.command.ts";

/** `dray list-tags` */
export async function listTags(this: DrayContext, flags: ListTagsFlags, images: string): Promise<void> {
  const locations = await openLocations(this, flags.plugin);
  const { transport, reference } = await locations.resolve(requireText(images, "list-tags"), "source");
  const tags = await requireAbility(transport, "listTags").listTags(reference, imageOptions(this, flags));
  // Elsewhere a place is no repository, and skopeo names none.
  const repository = transport.scheme === "docker" ? reference.dockerReference?.name : undefined;
  this.process.stdout.write(
    flags.plain
      ? tags.map((tag) => `${tag}\n`).join("")
      : goIndentedJson({ Repository: repository, Tags: tags }),
  );
}
