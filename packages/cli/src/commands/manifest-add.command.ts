import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { text, toggle } from "../flags/kinds.ts";
import type { settingParser } from "../flags/parsers.ts";
import { type InsecureFlags, insecureFlags } from "../manifest-list/buildah-flags.ts";
import { annotations, type EntryFlags, entryFlags } from "../manifest-list/entry-flags.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type ManifestAddFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags &
  InsecureFlags &
  EntryFlags & {
    readonly all?: boolean;
    readonly nested?: boolean;
    readonly artifact?: boolean;
    readonly artifactAnnotation?: readonly ReturnType<typeof settingParser>[];
    readonly artifactConfig?: string;
    readonly artifactConfigType?: string;
    readonly artifactExcludeTitles?: boolean;
    readonly artifactLayerType?: string;
    readonly artifactSubject?: string;
    readonly artifactType?: string;
  };

export const manifestAddCommand: CommandDefinition = defineCommand<ManifestAddFlags, string[]>({
  loader: async () => (await import("./manifest-add.ts")).manifestAdd,
  parameters: {
    flags: {
      ...storeFlags,
      ...connectionFlags(""),
      ...retryFlags,
      ...insecureFlags,
      ...entryFlags,
      all: toggle("Of an image that is a list itself, add all images"),
      nested: toggle("Of an image that is a list itself, add the list as one entry"),
      artifact: toggle("Add an artifact of files, which are named instead of an image"),
      artifactAnnotation: annotations("An annotation of the artifact's manifest"),
      artifactConfig: text("file", "The artifact's config, instead of an empty one"),
      artifactConfigType: text(
        "type",
        "The media type of the artifact's config (application/vnd.oci.empty.v1+json)",
      ),
      artifactExcludeTitles: toggle("Leave the names of the files out of the artifact"),
      artifactLayerType: text("type", "The media type of the files, instead of a guess of each"),
      artifactSubject: text("image", "The image that the artifact is about"),
      artifactType: text("type", "What the artifact is (application/vnd.unknown.artifact.v1)"),
    },
    positional: imageList("The list of the store, then an image, or the files of an artifact", 1),
  },
  docs: {
    brief: "Add an image or an artifact to a list",
    fullDescription: [
      "Add an image or an artifact to a list of the store, and print the list's ID and the image's digest. An image is named as the store",
      "names it, else as TRANSPORT:DETAILS, or by its name in a registry; it stays where it is until the list is pushed. So do the files",
      "of an artifact.",
      "",
      "EXAMPLES",
      "  dray manifest add app:1 docker://quay.io/me/app:1-riscv64",
      "  dray manifest add --all app:1 oci-archive:others.tar",
      "  dray manifest add --artifact --artifact-type application/spdx+json app:1 sbom.spdx.json",
    ].join("\n"),
  },
});
