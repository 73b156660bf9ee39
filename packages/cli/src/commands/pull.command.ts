import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { text, toggle } from "../flags/kinds.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type PullFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags & {
    readonly allTags?: boolean;
    readonly arch?: string;
    readonly os?: string;
    readonly variant?: string;
    readonly platform?: string;
    readonly keepBlobs?: boolean;
    readonly quiet?: boolean;
    readonly progress?: ProgressStyle;
  };

export const pullCommand: CommandDefinition = defineCommand<PullFlags, string[]>({
  loader: async () => (await import("./pull.ts")).pull,
  parameters: {
    flags: {
      ...storeFlags,
      ...connectionFlags(""),
      ...retryFlags,
      allTags: toggle("Pull all tags of the repository"),
      arch: text("arch", "Of an index, the image for this architecture"),
      os: text("os", "Of an index, the image for this system"),
      variant: text("variant", "Of an index, the image for this variant of the architecture"),
      platform: text("os/arch", "Of an index, the image for this platform"),
      keepBlobs: toggle(
        "Keep compressed layers as they came, too, so that a later push need not compress them",
      ),
      quiet: toggle("Show no progress"),
      progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
    },
    aliases: { a: "allTags", q: "quiet" },
    positional: imageList("The images to pull: names, short names, or TRANSPORT:DETAILS"),
  },
  docs: {
    brief: "Copy images from a registry into the store",
    fullDescription: [
      "Copy images into the store that podman, buildah and skopeo share, and print their IDs. A name without a registry is completed as",
      "registries.conf says; where it says nothing, it is docker.io's.",
      "",
      "EXAMPLES",
      "  dray pull quay.io/podman/stable",
      "  dray pull --platform linux/arm64 alpine:3",
      "  dray pull oci-dir:layout:app",
    ].join("\n"),
  },
});
