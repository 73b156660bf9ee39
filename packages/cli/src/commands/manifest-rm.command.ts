import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export const manifestRmCommand: CommandDefinition = defineCommand<StoreFlags, string[]>({
  loader: async () => (await import("./manifest-rm.ts")).manifestRm,
  parameters: {
    flags: { ...storeFlags },
    positional: imageList("Lists of the store, by name or ID"),
  },
  docs: {
    brief: "Remove lists from the store",
    fullDescription: [
      "Remove lists from the store. Their images stay.",
      "",
      "EXAMPLES",
      "  dray manifest rm app:1",
    ].join("\n"),
  },
});
