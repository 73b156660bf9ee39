import { type CommandDefinition, defineCommand } from "../command.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { type ImageFlags, imageFlags } from "../flags/image-flags.ts";
import { text, toggle } from "../flags/kinds.ts";

export type HistoryFlags = ImageFlags & {
  readonly format?: string;
  readonly human?: boolean;
  readonly noTrunc?: boolean;
  readonly quiet?: boolean;
};

export const historyCommand: CommandDefinition = defineCommand<HistoryFlags, [string]>({
  loader: async () => (await import("./history.ts")).history,
  parameters: {
    flags: {
      ...imageFlags,
      format: text("template", "json, or a Go template: '{{.CreatedBy}} {{.Size}}'"),
      human: toggle("Print sizes and times for a person; =false prints numbers"),
      noTrunc: toggle("Do not shorten what is long"),
      quiet: toggle("Print ids alone"),
    },
    aliases: { q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [imageArgument("IMAGE", "The image, as TRANSPORT:DETAILS, or a name or ID of the store's")],
    },
  },
  docs: {
    brief: "Show the steps that an image was made in",
    fullDescription: [
      "Show the steps that an image was made in, the last one first, with the size of the layer that each has made: as the",
      "image's place keeps it, so that of a registry's layers is that of their compressed bytes.",
      "",
      "EXAMPLES",
      "  dray history alpine",
      "  dray history docker://quay.io/podman/stable",
      "  dray history --no-trunc --format '{{.CreatedBy}}' oci-dir:layout:app",
    ].join("\n"),
  },
});
