import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type MountFlags = StoreFlags & {
  readonly all?: boolean;
  readonly format?: string;
};

export const mountCommand: CommandDefinition = defineCommand<MountFlags, string[]>({
  loader: async () => (await import("./mount.ts")).mount,
  parameters: {
    flags: {
      ...storeFlags,
      all: toggle("Mount all images"),
      format: text("format", "json"),
    },
    aliases: { a: "all" },
    positional: imageList("The images to mount; without any, those that are mounted are listed", 0),
  },
  docs: {
    brief: "Mount images of the store, to read their files",
    fullDescription: [
      "Mount images of the store for reading, and print where. An image that is mounted several times has to be unmounted as often. To look",
      "at single files, dray ls and dray cat need no mount.",
      "",
      "EXAMPLES",
      "  dray mount alpine",
      "  dray mount",
    ].join("\n"),
  },
});
