import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { type ImageFlags, imageFlags } from "../flags/image-flags.ts";
import { toggle } from "../flags/kinds.ts";

export type DiffFlags = ImageFlags & { readonly json?: boolean };

export const diffCommand: CommandDefinition = defineCommand<DiffFlags, [string, string]>({
  loader: async () => (await import("./diff.ts")).diff,
  parameters: {
    flags: { ...imageFlags, json: toggle("Print JSON, an object a line") },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument("BEFORE", "An image, as TRANSPORT:DETAILS, or a name or ID of the store's"),
        imageArgument("AFTER", "The image to compare with it"),
      ],
    },
  },
  docs: {
    brief: "Compare the files of two images",
    fullDescription: [
      "Compare the files of two images: A is added, C changed, D deleted; with the size of what is there, or how it changed.",
      "Times do not count. Layers that both images have are read once.",
      "",
      "EXAMPLES",
      "  dray diff oci-dir:layout:1.0 oci-dir:layout:1.1",
      "  dray diff docker://quay.io/podman/stable:v5 docker://quay.io/podman/stable:latest",
    ].join("\n"),
  },
});
