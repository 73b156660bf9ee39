import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { hidden, settings, text, toggle } from "../flags/kinds.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";
import { type StorePlaceFlags, storePlaceFlags } from "../store/store-flags.ts";

export type InspectFlags = GlobalFlags &
  StorePlaceFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly raw?: boolean;
    readonly config?: boolean;
    readonly format?: string;
    readonly platform?: string;
    readonly noTags?: boolean;
    readonly manifestDigest?: string;
    readonly sharedBlobDir?: string;
    readonly json?: boolean;
    readonly option?: readonly (readonly [key: string, value: string])[];
  };

export const inspectCommand: CommandDefinition = defineCommand<InspectFlags, [string]>({
  loader: async () => (await import("./inspect.ts")).inspect,
  parameters: {
    flags: {
      ...globalFlags,
      ...storePlaceFlags,
      ...connectionFlags(""),
      ...retryFlags,
      raw: toggle("Print the manifest or index as it is, byte for byte"),
      config: toggle("Print the config; with --raw byte for byte"),
      format: text("template", "Print through a Go template: '{{.Digest}} {{json .Labels}}'"),
      platform: text("os/arch", "Of an index, inspect the image for this platform"),
      noTags: toggle("Do not list the other names at the place"),
      manifestDigest: text("algorithm", "The algorithm of the digest that is printed: sha256 or sha512"),
      sharedBlobDir: text("folder", "Where layouts share their blobs"),
      json: hidden(toggle("Print JSON, as it does anyway")),
      option: settings("An option of the transport's own"),
    },
    aliases: { f: "format", n: "noTags" },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument("IMAGE", "The image to inspect, as TRANSPORT:DETAILS, or a name or ID of the store's"),
      ],
    },
  },
  docs: {
    brief: "Show what an image is",
    fullDescription: [
      "Show what an image is: digest, platform, labels, environment and layers. An index shows its platforms;",
      "--platform, or the --override flags, choose one of its images.",
      "",
      "EXAMPLES",
      "  dray inspect oci-dir:layout:app",
      "  dray inspect --platform linux/arm64 oci-archive:multi.tar",
      "  dray inspect --config docker-archive:app.tar",
      "  dray inspect --raw dir:app | jq .layers",
      "  dray inspect --format '{{.Architecture}} {{len .Layers}}' oci-dir:layout:app",
    ].join("\n"),
  },
});
