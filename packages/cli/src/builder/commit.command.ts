import { type CommandDefinition, defineCommand } from "../command.ts";
import { type CompressionFlags, compressionFlags } from "../flags/compression-flags.ts";
import { hidden, text, texts, toggle } from "../flags/kinds.ts";
import { several } from "../store/store-flags.ts";
import {
  type BuilderFlags,
  builderFlags,
  type CryptoFlags,
  cryptoFlags,
  integer,
  quietFlag,
  type RegistryFlags,
  registryFlags,
  words,
} from "./flags.ts";

export type CommitFlags = BuilderFlags &
  RegistryFlags &
  CompressionFlags &
  Omit<CryptoFlags, "decryptionKey"> & {
    readonly addFile?: readonly string[];
    readonly annotation?: readonly string[];
    readonly blobCache?: string;
    readonly change?: readonly string[];
    readonly cidfile?: string;
    readonly config?: string;
    readonly createdAnnotation?: boolean;
    readonly disableCompression?: boolean;
    readonly emptyLayer?: boolean;
    readonly format?: string;
    readonly identityLabel?: boolean;
    readonly iidfile?: string;
    readonly manifest?: string;
    readonly metadataFile?: string;
    readonly omitHistory?: boolean;
    readonly omitTimestamp?: boolean;
    readonly quiet?: boolean;
    readonly referenceTime?: string;
    readonly rewriteTimestamp?: boolean;
    readonly rm?: boolean;
    readonly sourceDateEpoch?: number;
    readonly squash?: boolean;
    readonly timestamp?: number;
    readonly unsetannotation?: readonly string[];
    readonly unsetenv?: readonly string[];
  };

export const commitCommand: CommandDefinition = defineCommand<CommitFlags, string[]>({
  loader: async () => (await import("./commit.ts")).commit,
  parameters: {
    flags: {
      ...builderFlags,
      ...registryFlags,
      ...compressionFlags,
      signBy: cryptoFlags.signBy,
      encryptionKey: cryptoFlags.encryptionKey,
      encryptLayer: cryptoFlags.encryptLayer,
      addFile: several(
        "source[:path]",
        "Add this file to the image, in a layer of its own, as root's and with mode 644",
      ),
      annotation: several("name=value", "An annotation of the manifest"),
      blobCache: hidden(text("folder", "Where blobs are looked for and kept")),
      change: several("instruction", "Change the config of this image only: ENV a=b"),
      cidfile: hidden(text("file", "Write the container's ID to this file")),
      config: text("file", "A config as JSON whose fields count more than the container's"),
      createdAnnotation: toggle(
        "Say in an annotation of the manifest when the image was made; =false leaves out the base's, too",
      ),
      disableCompression: toggle(
        "Do not compress layers: the default, but for registries, which get gzip; =false compresses them everywhere",
      ),
      emptyLayer: hidden(toggle("Leave the changes of files out")),
      format: text("format", "oci or docker"),
      identityLabel: toggle("Say what built it; =false does not"),
      iidfile: text("file", "Write the image's ID to this file"),
      manifest: text("list", "Add the image to this list of the store, which is made where it is missing"),
      metadataFile: text("file", "Write the digests of manifest and config to this file, as JSON"),
      omitHistory: toggle("Write no history"),
      omitTimestamp: hidden(toggle("The same as --timestamp 0")),
      quiet: quietFlag,
      referenceTime: hidden(text("file", "Take the time of this file")),
      rewriteTimestamp: toggle("Make files no newer than --source-date-epoch"),
      rm: toggle("Remove the container afterwards"),
      sourceDateEpoch: integer(
        "seconds",
        "The time of the image and its history; SOURCE_DATE_EPOCH where absent",
      ),
      squash: toggle("Write one layer of all files"),
      timestamp: integer("seconds", "The time of the image, its history and its new files"),
      unsetannotation: texts("name", "Leave this annotation out"),
      unsetenv: texts("name", "Leave this variable out"),
    },
    aliases: { D: "disableCompression", f: "format", q: "quiet" },
    positional: words({
      CONTAINER: "The container",
      "[IMAGE]": "A name in the store, or TRANSPORT:DETAILS; without it the image has no name",
    }),
  },
  docs: {
    brief: "Make an image of a working container",
    fullDescription: [
      "Make an image of a working container: in the store, where its ID is printed, or wherever a transport reaches. With --timestamp or",
      "SOURCE_DATE_EPOCH, the same files and config always give the same image. A registry gets layers that are compressed, other places get",
      "them as they are: -D=false, or --compression-format, gives the same digest at all of them.",
      "",
      "EXAMPLES",
      "  dray builder commit web web:1",
      "  dray builder commit --add-file sbom.json:/usr/share/sbom.json web web:1",
      "  dray builder commit --timestamp 0 --rm web docker://registry.example.com/team/web:1",
    ].join("\n"),
  },
});
