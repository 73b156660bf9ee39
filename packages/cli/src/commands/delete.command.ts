import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { settings, text, toggle } from "../flags/kinds.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type DeleteFlags = GlobalFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly tagOnly?: boolean;
    readonly sharedBlobDir?: string;
    readonly option?: readonly (readonly [string, string])[];
  };

export const deleteCommand: CommandDefinition = defineCommand<DeleteFlags, [string]>({
  loader: async () => (await import("./delete.ts")).deleteImage,
  parameters: {
    flags: {
      ...globalFlags,
      ...connectionFlags(""),
      ...retryFlags,
      tagOnly: toggle("Delete the tag alone, where the registry can: its other tags keep the image"),
      sharedBlobDir: text("folder", "Where layouts share their blobs"),
      option: settings("An option of the transport's own"),
    },
    positional: {
      kind: "tuple",
      parameters: [imageArgument("IMAGE", "The image to delete")],
    },
  },
  docs: {
    brief: "Delete an image, where its transport can",
    fullDescription: [
      "Delete an image, and the blobs that only it needed. Of a registry, the manifest is deleted, and with it every tag",
      "that names it, as skopeo does; of the store, the image with all its names. --tag-only deletes the tag, or name, alone.",
      "",
      "EXAMPLES",
      "  dray delete oci-dir:layout:old",
      "  dray delete --tag-only docker://registry.example.com/app:old",
    ].join("\n"),
  },
});
