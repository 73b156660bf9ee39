import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type LoadFlags = StoreFlags & {
  readonly input?: string;
  readonly quiet?: boolean;
};

export const loadCommand: CommandDefinition = defineCommand<LoadFlags, []>({
  loader: async () => (await import("./load.ts")).load,
  parameters: {
    flags: {
      ...storeFlags,
      input: text("path", "The archive or folder to read, instead of standard input"),
      quiet: toggle("Show no progress"),
    },
    aliases: { i: "input", q: "quiet" },
    positional: { kind: "tuple", parameters: [] },
  },
  docs: {
    brief: "Copy all images of an archive into the store",
    fullDescription: [
      "Copy all images of an archive into the store, under the names that they have there: what docker save, podman save and dray save",
      "write, OCI archives and layouts, compressed or not.",
      "",
      "EXAMPLES",
      "  dray load --input app.tar",
      "  docker save app | dray load",
    ].join("\n"),
  },
});
