import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { hidden, settings, toggle } from "../flags/kinds.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type ListTagsFlags = GlobalFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly plain?: boolean;
    readonly json?: boolean;
    readonly option?: readonly (readonly [string, string])[];
  };

export const listTagsCommand: CommandDefinition = defineCommand<ListTagsFlags, [string]>({
  loader: async () => (await import("./list-tags.ts")).listTags,
  parameters: {
    flags: {
      ...globalFlags,
      ...connectionFlags(""),
      ...retryFlags,
      plain: toggle("Print a name a line instead of JSON"),
      json: hidden(toggle("Print JSON, as it does anyway")),
      option: settings("An option of the transport's own"),
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
