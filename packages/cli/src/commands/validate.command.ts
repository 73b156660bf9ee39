import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { settings, text, toggle } from "../flags/kinds.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";
import { type StorePlaceFlags, storePlaceFlags } from "../store/store-flags.ts";

export interface ValidateFlags extends GlobalFlags, StorePlaceFlags, RetryFlags, ConnectionFlags<""> {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly platform?: string;
  readonly progress?: ProgressStyle;
  readonly sharedBlobDir?: string;
  readonly option?: readonly (readonly [key: string, value: string])[];
}

export const validateCommand: CommandDefinition = defineCommand<ValidateFlags, [string]>({
  loader: async () => (await import("./validate.ts")).validate,
  parameters: {
    flags: {
      ...globalFlags,
      ...storePlaceFlags,
      ...connectionFlags(""),
      ...retryFlags,
      json: toggle("Print the report as JSON"),
      quiet: toggle("Show no progress"),
      platform: text("os/arch", "Of an index, check only the image for this platform"),
      progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
      sharedBlobDir: text("folder", "Where layouts share their blobs"),
      option: settings("An option of the transport's own"),
    },
    aliases: { q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument("IMAGE", "The image to check, as TRANSPORT:DETAILS, or a name or ID of the store's"),
      ],
    },
  },
  docs: {
    brief: "Recompute every digest and size of an image",
    fullDescription: [
      "Recompute every digest, size and diffID of an image, or of all images of an index, and check its config",
      "against its layers. The exit status is 1 where something is wrong.",
      "",
      "EXAMPLES",
      "  dray validate oci-dir:layout:app",
      "  dray validate --json docker-archive:app.tar",
    ].join("\n"),
  },
});
