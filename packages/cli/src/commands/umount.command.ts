import { type CommandDefinition, defineCommand } from "../command.ts";
import { toggle } from "../flags/kinds.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type UmountFlags = StoreFlags & {
  readonly all?: boolean;
  readonly force?: boolean;
};

export const umountCommand: CommandDefinition = defineCommand<UmountFlags, string[]>({
  loader: async () => (await import("./umount.ts")).umount,
  parameters: {
    flags: {
      ...storeFlags,
      all: toggle("Unmount all images that are mounted"),
      force: toggle("Unmount at once, however often an image was mounted"),
    },
    aliases: { a: "all", f: "force" },
    positional: imageList("The images to unmount", 0),
  },
  docs: {
    brief: "Unmount images of the store",
    fullDescription: [
      "Unmount images of the store, and print their IDs.",
      "",
      "EXAMPLES",
      "  dray umount alpine",
      "  dray umount --all --force",
    ].join("\n"),
  },
});
