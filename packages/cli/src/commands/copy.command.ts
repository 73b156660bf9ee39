import { type CommandDefinition, defineCommand } from "../command.ts";
import {
  type BothEndsFlags,
  bothEndsFlags,
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { imageArgument } from "../flags/image-argument.ts";
import { hidden, settings, text, texts, toggle, valued } from "../flags/kinds.ts";
import { wholeNumberParser } from "../flags/parsers.ts";
import {
  type EncryptionFlags,
  encryptionFlags,
  type SigningFlags,
  signingFlags,
} from "../flags/refused-flags.ts";
import { type GlobalFlags, globalFlags } from "../global-flags.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";

type Settings = readonly (readonly [key: string, value: string])[];

export type CopyFlags = GlobalFlags &
  SigningFlags &
  EncryptionFlags &
  BothEndsFlags &
  RetryFlags &
  ConnectionFlags<"src"> &
  ConnectionFlags<"dest"> & {
    readonly all?: boolean;
    readonly multiArch?: "system" | "all" | "index-only";
    readonly platform?: readonly string[];
    readonly sparse?: "keep" | "strip";
    readonly format?: "oci" | "v2s1" | "v2s2";
    readonly preserveDigests?: boolean;
    readonly removeSignatures?: boolean;
    readonly skipPresent?: boolean;
    readonly additionalTag?: readonly string[];
    readonly digestfile?: string;
    readonly compat?: "go";
    readonly dryRun?: boolean;
    readonly json?: boolean;
    readonly quiet?: boolean;
    readonly progress?: ProgressStyle;
    readonly imageParallelCopies?: number;
    readonly srcSharedBlobDir?: string;
    readonly srcOption?: Settings;
    readonly destSharedBlobDir?: string;
    readonly destOption?: Settings;
    readonly destAppend?: boolean;
    readonly destCompress?: boolean;
    readonly destDecompress?: boolean;
    readonly destCompressFormat?: string;
    readonly destCompressLevel?: number;
    readonly destForceCompressFormat?: boolean;
    readonly destLink?: boolean;
    readonly destOciAcceptUncompressedLayers?: boolean;
    readonly destPrecomputeDigests?: boolean;
  };

export const copyCommand: CommandDefinition = defineCommand<CopyFlags, [string, string]>({
  loader: async () => (await import("./copy.ts")).copyImages,
  parameters: {
    flags: {
      ...globalFlags,
      all: toggle("Copy all images of an index, and the index"),
      multiArch: {
        kind: "enum",
        values: ["system", "all", "index-only"],
        optional: true,
        brief: "What of an index to copy",
      },
      platform: texts(
        "os/arch",
        "Of an index, copy the images for these platforms: linux/amd64,linux/arm64/v8",
      ),
      sparse: {
        kind: "enum",
        values: ["keep", "strip"],
        optional: true,
        brief: "Keep or strip the entries of images that are not copied",
      },
      format: {
        kind: "enum",
        values: ["oci", "v2s1", "v2s2"],
        optional: true,
        brief: "The manifest type to write (the source's, where the destination takes it)",
      },
      preserveDigests: toggle("Fail rather than change a digest"),
      removeSignatures: toggle("Leave signatures behind"),
      skipPresent: toggle("Write nothing where the destination has this very image"),
      additionalTag: texts("name:tag", "Further names for the image, where the transport keeps names"),
      digestfile: text("file", "Write the digest of what was written to this file"),
      compat: {
        kind: "enum",
        values: ["go"],
        optional: true,
        brief: "go: write the exact bytes that skopeo would write",
      },
      dryRun: toggle("Show what would be done, and do nothing"),
      json: toggle("Print the result, or the plan, as JSON"),
      quiet: toggle("Show no progress"),
      progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
      imageParallelCopies: {
        kind: "parsed",
        parse: wholeNumberParser(0, 1024),
        optional: true,
        placeholder: "n",
        brief: valued("n", "How many blobs move at the same time"),
      },
      srcSharedBlobDir: text("folder", "Where the source's layouts share their blobs"),
      srcOption: settings("An option of the source transport's own"),
      destSharedBlobDir: text("folder", "Where the destination's layouts share their blobs"),
      destOption: settings("An option of the destination transport's own"),
      destAppend: toggle("Add to the images that an archive has already"),
      destCompress: toggle("Compress layers that are not compressed (dir)"),
      destDecompress: toggle("Decompress layers (dir)"),
      destCompressFormat: text("format", "What to compress with: gzip or zstd"),
      destCompressLevel: {
        kind: "parsed",
        parse: wholeNumberParser(-1, 22),
        optional: true,
        placeholder: "level",
        brief: valued("level", "How hard to compress"),
      },
      destForceCompressFormat: toggle("Recompress layers that are compressed otherwise"),
      destLink: toggle("Make blobs hard links of the source's files where possible (oci-dir, dir)"),
      destOciAcceptUncompressedLayers: toggle("Let layers of an OCI layout stay uncompressed"),
      destPrecomputeDigests: hidden(toggle("Passed to transports that reach registries")),
      ...bothEndsFlags,
      ...connectionFlags("src"),
      ...connectionFlags("dest"),
      ...retryFlags,
      ...signingFlags,
      ...encryptionFlags,
    },
    aliases: { a: "all", f: "format", q: "quiet" },
    positional: {
      kind: "tuple",
      parameters: [
        imageArgument("SOURCE", "The image to copy, as TRANSPORT:DETAILS"),
        imageArgument("DESTINATION", "The place to copy it to"),
      ],
    },
  },
  docs: {
    brief: "Copy an image from one place to another",
    fullDescription: [
      "Copy an image from one place to another, converting only what the destination needs.",
      "",
      "EXAMPLES",
      "  dray copy docker://quay.io/podman/stable oci-dir:layout:podman",
      "  dray copy docker-archive:app.tar docker://registry.example.com/app:1.2 --additional-tag latest",
      "  dray copy docker-archive:app.tar oci-dir:layout:app",
      "  dray copy --all oci-archive:multi.tar oci-dir:layout:multi",
      "  dray copy --platform linux/arm64 oci-dir:layout:multi docker-archive:arm.tar:app:1.0",
      "  dray copy --dest-append oci-dir:layout:tool docker-archive:all.tar:tool:2",
      "  dray copy --dry-run dir:app oci-dir:layout:app",
    ].join("\n"),
  },
});
