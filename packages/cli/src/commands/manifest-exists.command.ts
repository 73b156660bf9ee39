import { type CommandDefinition, defineCommand } from "../command.ts";
import { type StoreFlags, storedImage, storeFlags } from "../store/store-flags.ts";

export const manifestExistsCommand: CommandDefinition = defineCommand<StoreFlags, [string]>({
  loader: async () => (await import("./manifest-exists.ts")).manifestExists,
  parameters: {
    flags: { ...storeFlags },
    positional: { kind: "tuple", parameters: [storedImage("A list of the store, by name or ID")] },
  },
  docs: {
    brief: "Tell by the exit status whether the store has a list",
    fullDescription: [
      "Tell whether the store has a list of this name: the exit status is 0 where it has, and 1 where it has not.",
      "",
      "EXAMPLES",
      "  dray manifest exists app:1 || dray manifest create app:1",
    ].join("\n"),
  },
});
