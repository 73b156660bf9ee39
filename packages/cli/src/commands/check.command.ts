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
        "With --repair: remove containers, too, whose layers are damaged, with what was written in them",
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
      "which images that concerns; the exit status is then 1. With --repair, what cannot be mended is removed, and the images that are lost are named.",
      "",
      "EXAMPLES",
      "  dray check",
      "  dray check --quick --json",
      "  dray check --repair",
    ].join("\n"),
  },
});
