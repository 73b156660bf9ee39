import { type CommandDefinition, defineCommand } from "../command.ts";
import { toggle } from "../flags/kinds.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type RmiFlags = StoreFlags & {
  readonly all?: boolean;
  readonly force?: boolean;
  readonly ignore?: boolean;
  readonly noPrune?: boolean;
};

export const rmiCommand: CommandDefinition = defineCommand<RmiFlags, string[]>({
  loader: async () => (await import("./rmi.ts")).rmi,
  parameters: {
    flags: {
      ...storeFlags,
      all: toggle("Remove all images"),
      force: toggle("Remove an image with several names by its ID, too"),
      ignore: toggle("Say nothing of images that are not there"),
      noPrune: toggle("Leave the images without a name that it was built on"),
    },
    aliases: { a: "all", f: "force", i: "ignore" },
    positional: imageList("The images to remove, by name or ID", 0),
  },
  docs: {
    brief: "Remove images from the store",
    fullDescription: [
      "Remove images from the store, and the layers that nothing else needs. Of an image with several names, only the one that is",
      "given goes. What a container uses stays: podman rm or buildah rm removes containers.",
      "",
      "EXAMPLES",
      "  dray rmi alpine",
      "  dray rmi --force c4dfb1609ee2",
    ].join("\n"),
  },
});
