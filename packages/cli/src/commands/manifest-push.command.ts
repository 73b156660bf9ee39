import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { text, toggle, valued } from "../flags/kinds.ts";
import { textParser, wholeNumberParser } from "../flags/parsers.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";
import { type StoreFlags, storedImage, storeFlags } from "../store/store-flags.ts";

export type ManifestPushFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly all?: boolean;
    readonly compressionFormat?: "gzip" | "zstd";
    readonly compressionLevel?: number;
    readonly digestfile?: string;
    readonly format?: "oci" | "v2s2" | "docker";
    readonly removeSignatures?: boolean;
    readonly rm?: boolean;
    readonly quiet?: boolean;
    readonly progress?: ProgressStyle;
  };

export const manifestPushCommand: CommandDefinition = defineCommand<ManifestPushFlags, [string, string?]>({
  loader: async () => (await import("./manifest-push.ts")).manifestPush,
  parameters: {
    flags: {
      ...storeFlags,
      ...connectionFlags(""),
      ...retryFlags,
      all: toggle("Push the images of the list, too, as is done anyway; =false pushes the list alone"),
      compressionFormat: {
        kind: "enum",
        values: ["gzip", "zstd"],
        optional: true,
        brief: "What to compress layers with",
      },
      compressionLevel: {
        kind: "parsed",
        parse: wholeNumberParser(-1, 22),
        optional: true,
        placeholder: "level",
        brief: valued("level", "How hard to compress"),
      },
      digestfile: text("file", "Write the digest of what was pushed to this file"),
      format: {
        kind: "enum",
        values: ["oci", "v2s2", "docker"],
        optional: true,
        brief: "The manifest type to write (that of the list, where the destination takes it)",
      },
      removeSignatures: toggle("Leave signatures behind"),
      rm: toggle("Remove the list from the store once it is pushed"),
      quiet: toggle("Show no progress"),
      progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
    },
    aliases: { f: "format", q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [
        storedImage("A list of the store, by name or ID"),
        {
          parse: textParser,
          placeholder: "DESTINATION",
          brief: "Where to: a name in a registry, or TRANSPORT:DETAILS; the list's own name where absent",
          optional: true,
        },
      ],
    },
  },
  docs: {
    brief: "Copy a list and its images to a registry",
    fullDescription: [
      "Copy a list of the store and its images, from wherever they are, to a registry, or to where another transport reaches. The login",
      "is for the destination alone.",
      "",
      "EXAMPLES",
      "  dray manifest push app:1 docker://quay.io/me/app:1",
      "  dray manifest push --format oci --rm app:1 oci-archive:app.tar",
    ].join("\n"),
  },
});
