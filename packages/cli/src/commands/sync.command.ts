import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type BothEndsFlags,
  bothEndsFlags,
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { text, toggle, valued } from "../flags/kinds.ts";
import { textParser, wholeNumberParser } from "../flags/parsers.ts";
import { type SigningFlags, signingFlags } from "../flags/refused-flags.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";

export type SyncFlags = GlobalFlags &
  SigningFlags &
  BothEndsFlags &
  RetryFlags &
  ConnectionFlags<"src"> &
  ConnectionFlags<"dest"> & {
    readonly src?: string;
    readonly dest?: string;
    readonly all?: boolean;
    readonly scoped?: boolean;
    readonly rename?: readonly string[];
    readonly appendSuffix?: string;
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
    readonly referrers?: boolean;
    readonly prune?: boolean;
    readonly dryRun?: boolean;
    readonly keepGoing?: boolean;
    readonly parallel?: number;
    readonly imageParallelCopies?: number;
    readonly format?: "oci" | "v2s1" | "v2s2";
    readonly preserveDigests?: boolean;
    readonly removeSignatures?: boolean;
    readonly digestfile?: string;
    readonly json?: boolean;
    readonly quiet?: boolean;
    readonly progress?: "lines" | "json" | "none";
  };

/** Any number of times; commas belong to the value. */
function repeated(placeholder: string, brief: string): Repeated {
  return {
    kind: "parsed",
    parse: textParser,
    optional: true,
    variadic: true,
    placeholder,
    brief: valued(placeholder, brief),
  };
}

interface Repeated {
  readonly kind: "parsed";
  readonly parse: typeof textParser;
  readonly optional: true;
  readonly variadic: true;
  readonly placeholder: string;
  readonly brief: string;
}

export const syncCommand: CommandDefinition = defineCommand<SyncFlags, [string, string]>({
  loader: async () => (await import("./sync.ts")).sync,
  parameters: {
    flags: {
      ...globalFlags,
      src: text("transport", "Where the source is: docker, dir, yaml, oci-dir or oci-archive"),
      dest: text("transport", "Where the destination is: docker, dir, oci-dir or oci-archive"),
      all: toggle("Copy all images of an index, and the index"),
      scoped: toggle("Keep the whole name of the source below the destination"),
      rename: repeated("from=to", "Put what is called FROM… below TO instead: quay.io/team=mirror, *="),
      appendSuffix: text("suffix", "Append this to the tags at the destination"),
      include: repeated("regexp", "Only tags that match (Go's syntax, anywhere in the tag)"),
      exclude: repeated("regexp", "No tags that match"),
      referrers: toggle("Copy signatures, attestations and SBOMs with their images"),
      prune: toggle("Delete tags of synced repositories that the source does not have"),
      dryRun: toggle("Show what would be done, and do nothing"),
      keepGoing: toggle("Go on after an image that failed"),
      parallel: {
        kind: "parsed",
        parse: wholeNumberParser(1, 256),
        optional: true,
        placeholder: "n",
        brief: valued("n", "How many images are copied at the same time (4)"),
      },
      imageParallelCopies: {
        kind: "parsed",
        parse: wholeNumberParser(0, 1024),
        optional: true,
        placeholder: "n",
        brief: valued("n", "How many blobs move at the same time, over all images (6)"),
      },
      format: {
        kind: "enum",
        values: ["oci", "v2s1", "v2s2"],
        optional: true,
        brief: "The manifest type to write (the source's, where the destination takes it)",
      },
      preserveDigests: toggle("Fail rather than change a digest"),
      removeSignatures: toggle("Leave signatures behind"),
      digestfile: text("file", "Write the digest and the place of each image to this file"),
      json: toggle("Print the result, or the plan, as JSON"),
      quiet: toggle("Show no progress"),
      progress: {
        kind: "enum",
        values: ["lines", "json", "none"],
        optional: true,
        brief: "How progress is shown",
      },
      ...bothEndsFlags,
      ...connectionFlags("src"),
      ...connectionFlags("dest"),
      ...retryFlags,
      ...signingFlags,
    },
    aliases: { a: "all", d: "dest", f: "format", n: "dryRun", q: "quiet", s: "src" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          parse: textParser,
          placeholder: "SOURCE",
          brief: "A repository, image, registry (HOST/), folder or list",
        },
        { parse: textParser, placeholder: "DESTINATION", brief: "A registry, or a path in it, or a folder" },
      ],
    },
  },
  docs: {
    brief: "Copy many images, and only what is not there yet",
    fullDescription: [
      "Copy many images from one place to another, and only what is not there yet. One that was killed goes on where it was.",
      "",
      "EXAMPLES",
      "  dray sync --src docker --dest docker registry.example.com/team/app mirror.example.com/team",
      "  dray sync --src docker --dest docker --rename '*=' registry.example.com/ mirror.example.com",
      "  dray sync --src docker --dest oci-dir --include '^v1\\.' quay.io/coreos/etcd ./layouts",
      "  dray sync --src yaml --dest docker --all --referrers --prune images.yml mirror.example.com",
      "  dray sync --src dir --dest docker --dry-run /media/usb mirror.example.com",
    ].join("\n"),
  },
});
