import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { hidden, toggle } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type CatalogFlags = GlobalFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly json?: boolean;
    readonly plain?: boolean;
  };

export const catalogCommand: CommandDefinition = defineCommand<CatalogFlags, [string]>({
  loader: async () => (await import("./catalog.ts")).catalog,
  parameters: {
    flags: {
      ...globalFlags,
      ...connectionFlags(""),
      ...retryFlags,
      json: toggle("Print the registry and its repositories as JSON"),
      plain: hidden(toggle("Print a name a line, as it does anyway")),
    },
    positional: {
      kind: "tuple",
      parameters: [{ parse: textParser, placeholder: "REGISTRY", brief: "The registry, as HOST[:PORT]" }],
    },
  },
  docs: {
    brief: "List the repositories of a registry",
    fullDescription: [
      "List the repositories of a registry, a line each, where the registry tells them: many that are open to the",
      "public do not.",
      "",
      "EXAMPLES",
      "  dray catalog registry.example.com",
      "  dray catalog --json 127.0.0.1:5000 --tls-verify=false",
    ].join("\n"),
  },
});
