import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { type StoreFlags, storedImage, storeFlags } from "../store/store-flags.ts";

export type ManifestInspectFlags = StoreFlags & ConnectionFlags<""> & RetryFlags;

export const manifestInspectCommand: CommandDefinition = defineCommand<ManifestInspectFlags, [string]>({
  loader: async () => (await import("./manifest-inspect.ts")).manifestInspect,
  parameters: {
    flags: { ...storeFlags, ...connectionFlags(""), ...retryFlags },
    positional: {
      kind: "tuple",
      parameters: [storedImage("A list of the store, or as TRANSPORT:DETAILS, or its name in a registry")],
    },
  },
  docs: {
    brief: "Show a list",
    fullDescription: [
      "Show a list of the store in the form of docker's lists, with what only an OCI index has added. A list elsewhere is shown as it is.",
      "",
      "EXAMPLES",
      "  dray manifest inspect app:1",
      "  dray manifest inspect docker://quay.io/podman/stable",
    ].join("\n"),
  },
});
