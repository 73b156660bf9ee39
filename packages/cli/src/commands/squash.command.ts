import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type CompressionFlags,
  compressionFlags,
  type EditFlags,
  editArguments,
  editFlags,
  editUsage,
} from "../edit/edit-flags.ts";
import { fromLayerFlag } from "../edit/from-layer-flag.ts";
import { time } from "../edit/time-flag.ts";
import { toggle } from "../flags/kinds.ts";

export type SquashFlags = EditFlags &
  CompressionFlags & {
    readonly fromLayer?: number;
    readonly created?: Date;
    readonly omitHistory?: boolean;
  };

export const squashCommand: CommandDefinition = defineCommand<SquashFlags, [string, string?]>({
  loader: async () => (await import("./squash.ts")).squashImage,
  parameters: {
    flags: {
      ...editFlags,
      fromLayer: fromLayerFlag("The first layer of those that become one, counted from 1, the base (1)"),
      created: time("When the layer was made (SOURCE_DATE_EPOCH, or when the image was)"),
      omitHistory: toggle("Leave the history of the layers out, instead of keeping it as of empty ones"),
      ...compressionFlags,
    },
    aliases: { f: "format", q: "quiet" },
    positional: editArguments,
  },
  docs: {
    customUsage: editUsage,
    brief: "Make one layer of the upper layers of an image",
    fullDescription: [
      "Make one layer of the upper layers of an image, or of each image of an index. The layers below stay what they are, shared with",
      "other images, and what the upper ones hide of them stays hidden.",
      "",
      "EXAMPLES",
      "  dray squash --from-layer 2 oci-dir:layout:app oci-dir:layout:squashed",
      "  dray squash --from-layer 3 docker://registry.example.com/app:1 docker://registry.example.com/app:squashed",
    ].join("\n"),
  },
});
