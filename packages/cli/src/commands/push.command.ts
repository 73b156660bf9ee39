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

export type PushFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly compressionFormat?: "gzip" | "zstd";
    readonly compressionLevel?: number;
    readonly digestfile?: string;
    readonly format?: "oci" | "v2s1" | "v2s2";
    readonly removeSignatures?: boolean;
    readonly quiet?: boolean;
    readonly progress?: ProgressStyle;
  };

export const pushCommand: CommandDefinition = defineCommand<PushFlags, [string, string?]>({
  loader: async () => (await import("./push.ts")).push,
  parameters: {
    flags: {
      ...storeFlags,
      ...connectionFlags(""),
      ...retryFlags,
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
        values: ["oci", "v2s1", "v2s2"],
        optional: true,
        brief: "The manifest type to write (the image's, where the destination takes it)",
      },
      removeSignatures: toggle("Leave signatures behind"),
      quiet: toggle("Show no progress"),
      progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
    },
    aliases: { f: "format", q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [
        storedImage("An image of the store"),
        {
          parse: textParser,
          placeholder: "DESTINATION",
          brief: "Where to: a name in a registry, or TRANSPORT:DETAILS; the image's own name where absent",
          optional: true,
        },
      ],
    },
  },
  docs: {
    brief: "Copy an image of the store to a registry",
    fullDescription: [
      "Copy an image of the store to a registry, or to where another transport reaches. What the registry has is not sent; layers are",
      "compressed anew, unless they were pulled with --keep-blobs or the registry has them.",
      "",
      "EXAMPLES",
      "  dray push app registry.example.com/team/app:1",
      "  dray push quay.io/me/app:2",
      "  dray push app oci-archive:app.tar",
    ].join("\n"),
  },
});
