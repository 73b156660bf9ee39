import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { type ImageFlags, imageFlags } from "../flags/image-flags.ts";
import { toggle } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";

export type UnpackFlags = ImageFlags & {
  readonly quiet?: boolean;
  readonly progress?: ProgressStyle;
  readonly rootless?: boolean;
};

export const unpackCommand: CommandDefinition = defineCommand<UnpackFlags, [string, string]>({
  loader: async () => (await import("./unpack.ts")).unpack,
  parameters: {
    flags: {
      ...imageFlags,
      quiet: toggle("Show no progress"),
      progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
      rootless: toggle(
        "Keep the files your own, and leave devices out: so it is for others than root; =false insists on owners",
      ),
    },
    aliases: { q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument("IMAGE", "The image, as TRANSPORT:DETAILS, or a name or ID of the store's"),
        {
          parse: textParser,
          placeholder: "FOLDER",
          brief: "The folder to make; where it is there already, it has to be empty",
        },
      ],
    },
  },
  docs: {
    brief: "Unpack the files of an image into a folder",
    fullDescription: [
      "Unpack the layers of an image one on the other into a folder, as a container would see them, with owners, modes, times and extended",
      "attributes, and every digest compared. The folder appears when all of it is there: an interrupted run leaves at most a",
      "hidden .dray-unpack-… beside it.",
      "",
      "EXAMPLES",
      "  dray unpack docker://quay.io/podman/stable rootfs",
      "  dray unpack --platform linux/arm64 oci-dir:layout:app rootfs",
    ].join("\n"),
  },
});
