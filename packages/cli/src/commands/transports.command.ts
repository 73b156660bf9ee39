import { type CommandDefinition, defineCommand } from "../command.ts";
import { toggle } from "../flags/kinds.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export interface TransportsFlags extends GlobalFlags {
  readonly json?: boolean;
}

export const transportsCommand: CommandDefinition = defineCommand<TransportsFlags, []>({
  loader: async () => (await import("./transports.ts")).transports,
  parameters: { flags: { ...globalFlags, json: toggle("Print JSON") } },
  docs: {
    brief: "List the transports and what each can do",
    fullDescription: [
      "List the transports and what each can do.",
      "",
      "EXAMPLES",
      "  dray transports",
      "  dray transports --json",
      "  dray transports --plugin ./my-transport.js",
    ].join("\n"),
  },
});
