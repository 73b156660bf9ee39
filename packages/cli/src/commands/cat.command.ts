import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { type ImageFlags, imageFlags } from "../flags/image-flags.ts";

export type CatFlags = ImageFlags;

export const catCommand: CommandDefinition = defineCommand<CatFlags, [string]>({
  loader: async () => (await import("./cat.ts")).cat,
  parameters: {
    flags: imageFlags,
    positional: {
      kind: "tuple",
      parameters: [imageArgument("IMAGE:/PATH", "The image, and a file in it")],
    },
  },
  docs: {
    brief: "Print a file of an image without unpacking it",
    fullDescription: [
      "Print a file of an image without unpacking it. Only the layers that are needed are read, the top one first.",
      "Links are followed within the image.",
      "",
      "EXAMPLES",
      "  dray cat docker://quay.io/podman/stable:/etc/os-release",
      "  dray cat oci-dir:layout:app:/app/package.json | jq .version",
    ].join("\n"),
  },
});
