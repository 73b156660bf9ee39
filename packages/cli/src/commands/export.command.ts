import { type CommandDefinition, defineCommand } from "../command.ts";
import { text } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type ExportFlags = StoreFlags & { readonly output?: string };

export const exportCommand: CommandDefinition = defineCommand<ExportFlags, [string]>({
  loader: async () => (await import("./export.ts")).exportFiles,
  parameters: {
    flags: { ...storeFlags, output: text("file", "The file to write, instead of standard output") },
    aliases: { o: "output" },
    positional: {
      kind: "tuple",
      parameters: [
        { parse: textParser, placeholder: "CONTAINER|IMAGE", brief: "A container or an image of the store" },
      ],
    },
  },
  docs: {
    brief: "Write the files of a container or image as one tar",
    fullDescription: [
      "Write all files of a container of the store as one tar archive, or those of an image.",
      "",
      "EXAMPLES",
      "  dray export --output root.tar alpine-working-container",
      "  dray export alpine | tar -t",
    ].join("\n"),
  },
});
