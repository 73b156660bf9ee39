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
import { type StorePlaceFlags, storePlaceFlags } from "../store/store-flags.ts";

export type DigestFlags = GlobalFlags &
  StorePlaceFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly platform?: string;
    readonly json?: boolean;
    readonly sharedBlobDir?: string;
    readonly option?: readonly (readonly [key: string, value: string])[];
  };

export const digestCommand: CommandDefinition = defineCommand<DigestFlags, [string]>({
  loader: async () => (await import("./digest.ts")).digest,
  parameters: {
    flags: {
      ...globalFlags,
      ...storePlaceFlags,
      ...connectionFlags(""),
      ...retryFlags,
      platform: text("os/arch", "Of an index, the digest of the image for this platform"),
      json: toggle("Print media type, digest and size as JSON"),
      sharedBlobDir: text("folder", "Where layouts share their blobs"),
      option: settings("An option of the transport's own"),
    },
    positional: {
      kind: "tuple",
      parameters: [imageArgument("IMAGE", "The image, as TRANSPORT:DETAILS, or a name or ID of the store's")],
    },
  },
  docs: {
    brief: "Print the digest of an image",
    fullDescription: [
      "Print the digest of an image's manifest or index. A registry is only asked for it: nothing is fetched.",
      "",
      "EXAMPLES",
      "  dray digest docker://quay.io/podman/stable:latest",
      "  dray digest --platform linux/arm64 docker://registry.example.com/app:1.2",
      "  dray digest oci-dir:layout:app",
    ].join("\n"),
  },
});
