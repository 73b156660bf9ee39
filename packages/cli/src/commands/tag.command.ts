import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export const tagCommand: CommandDefinition = defineCommand<StoreFlags, string[]>({
  loader: async () => (await import("./tag.ts")).tag,
  parameters: {
    flags: { ...storeFlags },
    positional: imageList("An image of the store, then the names to give to it", 2),
  },
  docs: {
    brief: "Give an image of the store another name",
    fullDescription: [
      "Give an image of the store further names. An image that had one of them loses it.",
      "",
      "EXAMPLES",
      "  dray tag alpine registry.example.com/base:3",
      "  dray tag c4dfb1609ee2 app:1 app:latest",
    ].join("\n"),
  },
});
