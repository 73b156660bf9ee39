import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { text, toggle } from "../flags/kinds.ts";
import { type EntryFlags, entryFlags } from "../manifest-list/entry-flags.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type ManifestAnnotateFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags &
  EntryFlags & { readonly index?: boolean; readonly subject?: string };

export const manifestAnnotateCommand: CommandDefinition = defineCommand<ManifestAnnotateFlags, string[]>({
  loader: async () => (await import("./manifest-annotate.ts")).manifestAnnotate,
  parameters: {
    flags: {
      ...storeFlags,
      ...connectionFlags(""),
      ...retryFlags,
      ...entryFlags,
      index: toggle("Annotate the list itself"),
      subject: text("image", "The image that the list is about"),
    },
    positional: imageList(
      "The list of the store, then the entry: its digest, an image, or a file of an artifact",
      1,
    ),
  },
  docs: {
    brief: "Change what a list says of an image, or of itself",
    fullDescription: [
      "Change what a list of the store says of one of its images, or of itself with --index or --subject. Annotations are added to those",
      "that there are.",
      "",
      "EXAMPLES",
      "  dray manifest annotate --arch arm64 --variant v8 app:1 app:1-arm",
      "  dray manifest annotate --index --annotation org.opencontainers.image.version=1 app:1",
    ].join("\n"),
  },
});
