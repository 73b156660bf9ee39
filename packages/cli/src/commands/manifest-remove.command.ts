import { type CommandDefinition, defineCommand } from "../command.ts";
import { textParser } from "../flags/parsers.ts";
import { type StoreFlags, storedImage, storeFlags } from "../store/store-flags.ts";

export const manifestRemoveCommand: CommandDefinition = defineCommand<StoreFlags, [string, string]>({
  loader: async () => (await import("./manifest-remove.ts")).manifestRemove,
  parameters: {
    flags: { ...storeFlags },
    positional: {
      kind: "tuple",
      parameters: [
        storedImage("A list of the store, by name or ID"),
        {
          parse: textParser,
          placeholder: "ENTRY",
          brief: "The entry: its digest, an image of the store, or a file of an artifact",
        },
      ],
    },
  },
  docs: {
    brief: "Remove an entry from a list",
    fullDescription: [
      "Remove an entry from a list of the store, and print the list's ID and the entry's digest. The image itself stays.",
      "",
      "EXAMPLES",
      "  dray manifest remove app:1 sha256:15352d97781ffdf357bf3459c037be3efac4133dc9070c2dce7eca7c05c3e736",
    ].join("\n"),
  },
});
