import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import {
  type BothEndsFlags,
  bothEndsFlags,
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { type ImageArgument, imageArgument } from "../flags/image-argument.ts";
import { text, texts, toggle, valued } from "../flags/kinds.ts";
import { wholeNumberParser } from "../flags/parsers.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";
import { type StoreFlags, storeFlags } from "../store/store-flags.ts";

/** What every command takes that edits an image on its way to another place. */
export type EditFlags = StoreFlags &
  BothEndsFlags &
  RetryFlags &
  ConnectionFlags<"src"> &
  ConnectionFlags<"dest"> & {
    readonly platform?: readonly string[];
    readonly keepAttestations?: boolean;
    readonly format?: "oci" | "v2s2";
    readonly additionalTag?: readonly string[];
    readonly digestfile?: string;
    readonly dryRun?: boolean;
    readonly json?: boolean;
    readonly quiet?: boolean;
    readonly progress?: ProgressStyle;
  };

export const editFlags: FlagParametersForType<EditFlags, DrayContext> = {
  ...storeFlags,
  platform: texts("os/arch", "Of an index, edit the images for these platforms only"),
  keepAttestations: toggle("Keep attestations of images that become others, instead of leaving them out"),
  format: {
    kind: "enum",
    values: ["oci", "v2s2"],
    optional: true,
    brief: "The manifest type to write (the source's, where the destination takes it)",
  },
  additionalTag: texts("name:tag", "Further names for the image, where the transport keeps names"),
  digestfile: text("file", "Write the digest of what was written to this file"),
  dryRun: toggle("Show what would change, and write nothing; DESTINATION may be left out"),
  json: toggle("Print the result as JSON"),
  quiet: toggle("Show no progress"),
  progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
  ...bothEndsFlags,
  ...connectionFlags("src"),
  ...connectionFlags("dest"),
  ...retryFlags,
};

/** How new layers are compressed. */
export interface CompressionFlags {
  readonly destCompressFormat?: "gzip" | "zstd" | "none";
  readonly destCompressLevel?: number;
}

export const compressionFlags: FlagParametersForType<CompressionFlags, DrayContext> = {
  destCompressFormat: {
    kind: "enum",
    values: ["gzip", "zstd", "none"],
    optional: true,
    brief: "What new layers are compressed with",
  },
  destCompressLevel: {
    kind: "parsed",
    parse: wholeNumberParser(-1, 22),
    optional: true,
    placeholder: "level",
    brief: valued("level", "How hard to compress"),
  },
};

/** What stands behind the name of a command that edits. */
export const editUsage: readonly string[] = ["<SOURCE> [<DESTINATION>]"];

interface EditArguments {
  readonly kind: "tuple";
  readonly parameters: readonly [ImageArgument, ImageArgument & { readonly optional: true }];
}

export const editArguments: EditArguments = {
  kind: "tuple",
  parameters: [
    imageArgument("SOURCE", "An image or index, as TRANSPORT:DETAILS, or a name or ID of the store's"),
    { ...imageArgument("DESTINATION", "The place to write it to, which may be the same"), optional: true },
  ],
};
