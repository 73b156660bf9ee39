import { type CommandDefinition, defineCommand } from "../command.ts";
import { toggle } from "../flags/kinds.ts";
import { type StoreFlags, several, storeFlags } from "../store/store-flags.ts";

export type PruneFlags = StoreFlags & {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly filter?: readonly string[];
  readonly force?: boolean;
  readonly layers?: boolean;
};

export const pruneCommand: CommandDefinition = defineCommand<PruneFlags, []>({
  loader: async () => (await import("./prune.ts")).prune,
  parameters: {
    flags: {
      ...storeFlags,
      all: toggle("Remove all images that no container uses, not only those without a name"),
      dryRun: toggle("Only say what would be removed"),
      filter: several("name=value", "Only images that fit: label=KEY=VALUE, until=24h …"),
      force: toggle("Do not ask"),
      layers: toggle(
        "Remove layers that no image and no container needs, too; not while a Go tool pulls or builds",
      ),
    },
    aliases: { a: "all", f: "force" },
    positional: { kind: "tuple", parameters: [] },
  },
  docs: {
    brief: "Remove images that nobody uses, and what killed processes left",
    fullDescription: [
      "Remove images without a name that nothing is built on, and what processes that were killed have left. Layers that a dray holds which",
      "pulls or builds stay.",
      "",
      "EXAMPLES",
      "  dray prune --force",
      "  dray prune --all --filter until=168h --dry-run",
    ].join("\n"),
  },
});
