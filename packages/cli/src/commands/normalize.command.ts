import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type CompressionFlags,
  compressionFlags,
  type EditFlags,
  editArguments,
  editFlags,
  editUsage,
} from "../edit/edit-flags.ts";
import { fromLayerFlag } from "../edit/from-layer-flag.ts";
import { time } from "../edit/time-flag.ts";

export type NormalizeFlags = EditFlags &
  CompressionFlags & {
    readonly time?: Date;
    readonly times?: "set" | "clamp";
    readonly fromLayer?: number;
  };

export const normalizeCommand: CommandDefinition = defineCommand<NormalizeFlags, [string, string?]>({
  loader: async () => (await import("./normalize.ts")).normalizeImage,
  parameters: {
    flags: {
      ...editFlags,
      time: time("What every time becomes (SOURCE_DATE_EPOCH, or 1970-01-01)"),
      times: {
        kind: "enum",
        values: ["set", "clamp"],
        optional: true,
        brief: "Whether all times are set, or those that are later (set)",
      },
      fromLayer: fromLayerFlag(
        "The first layer that is rewritten, counted from 1; those of a base are left alone (1)",
      ),
      ...compressionFlags,
    },
    aliases: { f: "format", q: "quiet" },
    positional: editArguments,
  },
  docs: {
    customUsage: editUsage,
    brief: "Take out of an image what differs from build to build",
    fullDescription: [
      "Take out of an image, or of all images of an index, what differs from build to build: times of files, of the config and its",
      "history, the order of files in layers, names of owners, names of build containers. Equal files give equal digests, on any machine.",
      "",
      "EXAMPLES",
      "  dray normalize oci-dir:layout:app oci-dir:layout:normal",
      "  SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct) dray normalize --times clamp oci-archive:app.tar oci-dir:layout:app",
    ].join("\n"),
  },
});
