import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export const untagCommand: CommandDefinition = defineCommand<StoreFlags, string[]>({
  loader: async () => (await import("./untag.ts")).untag,
  parameters: {
    flags: { ...storeFlags },
    positional: imageList("An image of the store, then the names to take from it; all where none is given"),
  },
  docs: {
    brief: "Take names from an image of the store; all where only the image is named",
    fullDescription: [
      "Take names from an image of the store, which stays. As with podman, all its names where none is given: dray untag app:2 takes app:1 from the",
      "same image, too. Prints the names that were taken.",
      "",
      "EXAMPLES",
      "  dray untag alpine registry.example.com/base:3",
      "  dray untag c4dfb1609ee2",
    ].join("\n"),
  },
});
