import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { type ImageFlags, imageFlags } from "../flags/image-flags.ts";
import { toggle } from "../flags/kinds.ts";

export type TreeFlags = ImageFlags & {
  readonly noTrunc?: boolean;
  readonly whatrequires?: boolean;
};

export const treeCommand: CommandDefinition = defineCommand<TreeFlags, [string?]>({
  loader: async () => (await import("./tree.ts")).tree,
  parameters: {
    flags: {
      ...imageFlags,
      noTrunc: toggle("Do not shorten IDs, digests, and the steps that made layers"),
      whatrequires: toggle("Show what stands on the image instead: all layers and images of the store"),
    },
    positional: {
      kind: "tuple",
      parameters: [
        {
          ...imageArgument(
            "IMAGE",
            "A name or ID of the store's, or TRANSPORT:DETAILS; the whole store where absent",
          ),
          optional: true,
        },
      ],
    },
  },
  docs: {
    brief: "Show the layers of an image, or of the store, as a tree",
    fullDescription: [
      "Show the layers of an image, and of which images each is the top one, as podman image tree does. Without an image, all layers of",
      "the store are shown, with their images and containers. Of an image elsewhere, what made each layer is shown.",
      "",
      "EXAMPLES",
      "  dray tree alpine",
      "  dray tree --whatrequires alpine",
      "  dray tree",
      "  dray tree docker://quay.io/podman/stable",
    ].join("\n"),
  },
});
