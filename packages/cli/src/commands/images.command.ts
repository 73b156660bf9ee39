import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { imageList, quietFlag, type StoreFlags, several, storeFlags } from "../store/store-flags.ts";

export type ImagesFlags = StoreFlags & {
  readonly all?: boolean;
  readonly digests?: boolean;
  readonly filter?: readonly string[];
  readonly format?: string;
  readonly history?: boolean;
  readonly noTrunc?: boolean;
  readonly noheading?: boolean;
  readonly quiet?: boolean;
  readonly sort?: "created" | "id" | "repository" | "size" | "tag";
};

export const imagesCommand: CommandDefinition = defineCommand<ImagesFlags, string[]>({
  loader: async () => (await import("./images.ts")).images,
  parameters: {
    flags: {
      ...storeFlags,
      all: toggle("Show images without a name that others are built on, too"),
      digests: toggle("Show digests"),
      filter: several(
        "name=value",
        "Only images that fit: dangling=true, reference=quay.io/*/app, label=KEY=VALUE, until=24h …",
      ),
      format: text("template", "json, or a Go template: '{{.Repository}}:{{.Tag}} {{.Size}}'"),
      history: toggle("Show what images were called before"),
      noTrunc: toggle("Do not shorten IDs"),
      noheading: toggle("Print no headings"),
      quiet: quietFlag,
      sort: {
        kind: "enum",
        values: ["created", "id", "repository", "size", "tag"],
        optional: true,
        brief: "What to sort by (created)",
      },
    },
    aliases: { a: "all", f: "filter", n: "noheading", q: "quiet" },
    positional: imageList("Only this image, or images of this name", 0),
  },
  docs: {
    brief: "List the images of the store",
    fullDescription: [
      "List the images of the store that podman, buildah and skopeo share, as podman does.",
      "",
      "EXAMPLES",
      "  dray images",
      "  dray images --filter dangling=true --quiet",
      "  dray images --sort size --format 'table {{.Size}} {{.Repository}}:{{.Tag}}'",
    ].join("\n"),
  },
});
