import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { hidden, settings, text, toggle } from "../flags/kinds.ts";
import { type RegistryFlags, registryFlags } from "../flags/registry-flags.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type ListTagsFlags = GlobalFlags &
  RegistryFlags<""> & {
    readonly plain?: boolean;
    readonly option?: readonly (readonly [string, string])[];
    readonly retryTimes?: string;
    readonly retryDelay?: string;
  };

export const listTagsCommand: CommandDefinition = defineCommand<ListTagsFlags, [string]>({
  loader: async () => (await import("./list-tags.ts")).listTags,
  parameters: {
    flags: {
      ...globalFlags,
      ...registryFlags(""),
      plain: toggle("Print a name a line instead of JSON"),
      option: settings("An option of the transport's own"),
      retryTimes: hidden(text("n", "Retries")),
      retryDelay: hidden(text("duration", "Delay between retries")),
    },
    positional: {
      kind: "tuple",
      parameters: [imageArgument("IMAGES", "An archive, a layout or a repository")],
    },
  },
  docs: {
    brief: "List the names of the images at a place",
    fullDescription: [
      "List the names of the images at a place.",
      "",
      "EXAMPLES",
      "  dray list-tags docker-archive:images.tar",
      "  dray list-tags --plain oci-dir:layout",
    ].join("\n"),
  },
});
