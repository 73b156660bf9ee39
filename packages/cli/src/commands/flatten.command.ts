import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type CompressionFlags,
  compressionFlags,
  type EditFlags,
  editArguments,
  editFlags,
  editUsage,
} from "../edit/edit-flags.ts";
import { time } from "../edit/time-flag.ts";
import { toggle } from "../flags/kinds.ts";

export type FlattenFlags = EditFlags &
  CompressionFlags & { readonly created?: Date; readonly omitHistory?: boolean };

export const flattenCommand: CommandDefinition = defineCommand<FlattenFlags, [string, string?]>({
  loader: async () => (await import("./flatten.ts")).flattenImage,
  parameters: {
    flags: {
      ...editFlags,
      created: time("When the layer was made (SOURCE_DATE_EPOCH, or when the image was)"),
      omitHistory: toggle("Leave the history of the layers out, instead of keeping it as of empty ones"),
      ...compressionFlags,
    },
    aliases: { f: "format", q: "quiet" },
    positional: editArguments,
  },
  docs: {
    customUsage: editUsage,
    brief: "Make one layer of all layers of an image",
    fullDescription: [
      "Make one layer of all layers of an image, or of each image of an index: what was removed or replaced is gone. Nothing is",
      "unpacked, and nothing depends on this machine: the same image gives the same layer.",
      "",
      "EXAMPLES",
      "  dray flatten oci-dir:layout:app oci-dir:layout:flat",
      "  dray flatten docker://registry.example.com/app:1 docker-archive:flat.tar:app:flat",
    ].join("\n"),
  },
});
