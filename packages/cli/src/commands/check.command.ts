import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { durationParser } from "../flags/parsers.ts";
import { type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type CheckFlags = StoreFlags & {
  readonly force?: boolean;
  readonly json?: boolean;
  readonly maxAge?: number;
  readonly quick?: boolean;
  readonly repair?: boolean;
};

export const checkCommand: CommandDefinition = defineCommand<CheckFlags, []>({
  loader: async () => (await import("./check.ts")).check,
  parameters: {
    flags: {
      ...storeFlags,
      force: toggle(
        "With --repair: do not ask before images are removed, and remove containers, too, whose layers are damaged, with what was written in them",
      ),
      json: toggle("Print what was found as JSON"),
      maxAge: {
        ...text("duration", "How old a layer that nobody needs must be to be told of (24h)"),
        parse: durationParser,
      },
      quick: toggle("Look at records and folders alone, and read no layers"),
      repair: toggle("Mend what can be mended, and remove what cannot"),
    },
    aliases: { f: "force", m: "maxAge", q: "quick", r: "repair" },
    positional: { kind: "tuple", parameters: [] },
  },
  docs: {
    brief: "Check the store, and repair it",
    fullDescription: [
      "Check the store: every layer is read and compared with its digest, every record with the files that it names. Says what is wrong, and",
      "which images that concerns; the exit status is then 1. With --repair, what cannot be mended is removed. Where that",
      "costs images they are named first, and nothing of them goes before a yes, or without --force where there is no terminal.",
      "",
      "EXAMPLES",
      "  dray check",
      "  dray check --quick --json",
      "  dray check --repair",
    ].join("\n"),
  },
});
