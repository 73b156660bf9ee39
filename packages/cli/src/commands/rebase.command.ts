import { type CommandDefinition, defineCommand } from "../command.ts";
import { type EditFlags, editArguments, editFlags, editUsage } from "../edit/edit-flags.ts";
import { text } from "../flags/kinds.ts";

export type RebaseFlags = EditFlags & {
  readonly oldBase?: string;
  readonly newBase?: string;
  readonly conflicts?: "ours" | "theirs";
};

export const rebaseCommand: CommandDefinition = defineCommand<RebaseFlags, [string, string?]>({
  loader: async () => (await import("./rebase.ts")).rebaseImage,
  parameters: {
    flags: {
      ...editFlags,
      oldBase: text("image", "What the image was built upon (what its annotations say)"),
      newBase: text("image", "What it is to stand upon (what its annotations name, as that is now)"),
      conflicts: {
        kind: "enum",
        values: ["ours", "theirs"],
        optional: true,
        brief: "Whose value counts where both changed a field: the image's, or the new base's",
      },
    },
    aliases: { f: "format", q: "quiet" },
    positional: editArguments,
  },
  docs: {
    customUsage: editUsage,
    brief: "Put an image upon another base, without its layers",
    fullDescription: [
      "Put an image, or all images of an index, upon another base: its layers instead of the old base's, and what it says where the",
      "image did not say otherwise (variables, labels, ports, volumes each by name). Where both changed a field, all such fields are",
      "named, and nothing is written, unless --conflicts says whose count. No layer is read that the destination has.",
      "",
      "The bases are those that the annotations org.opencontainers.image.base.name and base.digest name, if no others are given.",
      "",
      "EXAMPLES",
      "  dray rebase docker://registry.example.com/app:1 docker://registry.example.com/app:1",
      "  dray rebase --old-base oci-dir:base:12.1 --new-base oci-dir:base:12.2 oci-dir:layout:app oci-dir:layout:rebased",
      "  dray rebase --dry-run --new-base docker://registry.example.com/node:22 oci-dir:layout:app",
    ].join("\n"),
  },
});
