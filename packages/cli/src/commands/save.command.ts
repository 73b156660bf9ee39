import { type CommandDefinition, defineCommand } from "../command.ts";
import { text, toggle } from "../flags/kinds.ts";
import { imageList, type StoreFlags, storeFlags } from "../store/store-flags.ts";

export type SaveFlags = StoreFlags & {
  readonly compress?: boolean;
  readonly format?: "docker-archive" | "docker-dir" | "oci-archive" | "oci-dir";
  readonly multiImageArchive?: boolean;
  readonly output?: string;
  readonly quiet?: boolean;
  readonly uncompressed?: boolean;
};

export const saveCommand: CommandDefinition = defineCommand<SaveFlags, string[]>({
  loader: async () => (await import("./save.ts")).save,
  parameters: {
    flags: {
      ...storeFlags,
      compress: toggle("Compress layers (docker-dir)"),
      format: {
        kind: "enum",
        values: ["docker-archive", "docker-dir", "oci-archive", "oci-dir"],
        optional: true,
        brief: "What to write (docker-archive)",
      },
      multiImageArchive: toggle(
        "Further arguments are images of their own, not further names (docker-archive)",
      ),
      output: text("path", "The file or folder to write, instead of standard output"),
      quiet: toggle("Show no progress"),
      uncompressed: toggle("Leave layers uncompressed (oci-archive, oci-dir)"),
    },
    aliases: { m: "multiImageArchive", o: "output", q: "quiet" },
    positional: imageList("An image of the store, then further names to give it in the archive"),
  },
  docs: {
    brief: "Write images of the store into an archive or a folder",
    fullDescription: [
      "Write an image of the store into an archive, or several with --multi-image-archive.",
      "",
      "EXAMPLES",
      "  dray save --output app.tar app",
      "  dray save --multi-image-archive --output both.tar app alpine",
      "  dray save --format oci-archive app > app.oci.tar",
    ].join("\n"),
  },
});
