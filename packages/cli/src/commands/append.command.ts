import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type CompressionFlags,
  compressionFlags,
  type EditFlags,
  editArguments,
  editFlags,
  editUsage,
} from "../edit/edit-flags.ts";
import { time } from "../edit/time-flag.ts";
import { text, texts, toggle } from "../flags/kinds.ts";
import { several } from "../store/store-flags.ts";

export type AppendFlags = EditFlags &
  CompressionFlags & {
    readonly layer?: readonly string[];
    readonly add?: readonly string[];
    readonly chown?: string;
    readonly chmod?: string;
    readonly ignorefile?: string;
    readonly timestamp?: Date;
    readonly created?: Date;
    readonly createdBy?: string;
    readonly omitHistory?: boolean;
    readonly noCache?: boolean;
  };

export const appendCommand: CommandDefinition = defineCommand<AppendFlags, [string, string?]>({
  loader: async () => (await import("./append.ts")).appendLayers,
  parameters: {
    flags: {
      ...editFlags,
      platform: texts(
        "os/arch",
        "Of an index, edit the images for these platforms only; scratch has one for each",
      ),
      layer: several("tar", "A tar, compressed or not, as a layer; - for standard input"),
      add: several("source:destination", "Files or a folder as a layer, put at this path of the image"),
      chown: text("user[:group]", "Who owns what --add adds, as numbers (0:0)"),
      chmod: text("mode", "The permissions of what --add adds, octal"),
      ignorefile: text("file", "A .dockerignore: what of the folders that --add names is left out"),
      timestamp: time("The time of all that --add adds"),
      created: time("When the layers were added (--timestamp, SOURCE_DATE_EPOCH, or now)"),
      createdBy: text("text", "What the history says of the layers"),
      omitHistory: toggle("Leave the history as it is"),
      noCache: toggle("Read files anew that were read before and are unchanged"),
      ...compressionFlags,
    },
    aliases: { f: "format", q: "quiet" },
    positional: editArguments,
  },
  docs: {
    brief: "Put layers upon an image, or upon scratch",
    customUsage: editUsage,
    fullDescription: [
      "Put layers upon an image, upon all images of an index (or those for --platform), or upon scratch, which is nothing.",
      "",
      "Tars come first, then what --add names, each in the order given. A tar that is compressed with gzip or zstd stays the blob that it",
      "is; all else is read once, and compressed on its way. Of the image itself only manifests and configs are read.",
      "",
      "The image says when it was made: the same again has another digest, unless --created, --timestamp or SOURCE_DATE_EPOCH gives the time.",
      "",
      "Patterns of --ignorefile are of paths in the folder that --add names, as those of COPY are of paths in its context.",
      "",
      "EXAMPLES",
      "  dray append --layer extra.tar.gz oci-dir:layout:app oci-dir:layout:more",
      "  dray append --add dist:/srv/app docker://registry.example.com/node:20 docker://registry.example.com/app:1",
      "  dray append --add app:/app --timestamp 0 scratch oci-dir:layout:app",
      "  dray append --add app:/app --ignorefile app/.dockerignore scratch oci-dir:layout:app",
      "  tar -c etc | dray append --layer - scratch oci-archive:etc.tar",
    ].join("\n"),
  },
});
