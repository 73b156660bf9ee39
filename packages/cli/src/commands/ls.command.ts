import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { type ImageFlags, imageFlags } from "../flags/image-flags.ts";
import { toggle } from "../flags/kinds.ts";

export type LsFlags = ImageFlags & {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly json?: boolean;
};

export const lsCommand: CommandDefinition = defineCommand<LsFlags, [string]>({
  loader: async () => (await import("./ls.ts")).ls,
  parameters: {
    flags: {
      ...imageFlags,
      long: toggle("Print modes, owners, sizes, times and where links lead"),
      recursive: toggle("Print what is in folders, too"),
      json: toggle("Print JSON, an object a line"),
    },
    aliases: { l: "long", R: "recursive" },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument("IMAGE[:/PATH]", "The image, and a folder or file in it; its root where absent"),
      ],
    },
  },
  docs: {
    brief: "List files of an image without unpacking it",
    fullDescription: [
      "List files of an image without unpacking it. Only the layers that are needed are read, the top one first.",
      "",
      "EXAMPLES",
      "  dray ls docker://quay.io/podman/stable:/etc",
      "  dray ls -l alpine:/etc",
      "  dray ls -R docker-archive:app.tar:/usr/share/doc",
    ].join("\n"),
  },
});
