import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { hidden, settings, text } from "../flags/kinds.ts";
import { type RegistryFlags, registryFlags } from "../flags/registry-flags.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type DeleteFlags = GlobalFlags &
  RegistryFlags<""> & {
    readonly sharedBlobDir?: string;
    readonly option?: readonly (readonly [string, string])[];
    readonly retryTimes?: string;
    readonly retryDelay?: string;
  };

export const deleteCommand: CommandDefinition = defineCommand<DeleteFlags, [string]>({
  loader: async () => (await import("./delete.ts")).deleteImage,
  parameters: {
    flags: {
      ...globalFlags,
      ...registryFlags(""),
      sharedBlobDir: text("folder", "Where layouts share their blobs"),
      option: settings("An option of the transport's own"),
      retryTimes: hidden(text("n", "Retries")),
      retryDelay: hidden(text("duration", "Delay between retries")),
    },
    positional: {
      kind: "tuple",
      parameters: [imageArgument("IMAGE", "The image to delete")],
    },
  },
  docs: {
    brief: "Delete an image, where its transport can",
    fullDescription: [
      "Delete an image, and the blobs that only it needed.",
      "",
      "EXAMPLES",
      "  dray delete oci-dir:layout:old",
    ].join("\n"),
  },
});
