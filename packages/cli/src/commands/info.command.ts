import { type CommandDefinition, defineCommand } from "../command.ts";
import { text } from "../flags/kinds.ts";
import { type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type InfoFlags = StoreFlags & { readonly format?: string };

export const infoCommand: CommandDefinition = defineCommand<InfoFlags, []>({
  loader: async () => (await import("./info.ts")).info,
  parameters: {
    flags: { ...storeFlags, format: text("template", "json, or a Go template: '{{.store.graphRoot}}'") },
    aliases: { f: "format" },
    positional: { kind: "tuple", parameters: [] },
  },
  docs: {
    brief: "Show where the store is, and how it is kept",
    fullDescription: [
      "Show where the store is, its driver, what it holds, and what works with it just now.",
      "",
      "EXAMPLES",
      "  dray info",
      "  dray info --format '{{.store.graphRoot}}'",
    ].join("\n"),
  },
});
