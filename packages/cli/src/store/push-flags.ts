import type { FlagParametersForType } from "@stricli/core";
import type { DrayContext } from "../context.ts";
import { type CompressionFlags, compressionFlags } from "../flags/compression-flags.ts";
import {
  type ConnectionFlags,
  connectionFlags,
  type RetryFlags,
  retryFlags,
} from "../flags/connection-flags.ts";
import { text, toggle } from "../flags/kinds.ts";
import { textParser } from "../flags/parsers.ts";
import { type ProgressStyle, progressStyles } from "../progress/styles.ts";
import { type StoreFlags, storeFlags } from "./store-flags.ts";

/** What every command takes that copies something of the store to elsewhere. */
export type SharedPushFlags = StoreFlags &
  ConnectionFlags<""> &
  RetryFlags &
  CompressionFlags & {
    readonly compress?: boolean;
    readonly forceCompression?: boolean;
    readonly digestfile?: string;
    readonly removeSignatures?: boolean;
    readonly quiet?: boolean;
    readonly progress?: ProgressStyle;
  };

export const sharedPushFlags: FlagParametersForType<SharedPushFlags, DrayContext> = {
  ...storeFlags,
  ...connectionFlags(""),
  ...retryFlags,
  ...compressionFlags,
  compress: toggle("Compress layers that are not compressed (dir)"),
  forceCompression: toggle(
    "Compress layers anew that are compressed otherwise, here or there, than --compression-format says",
  ),
  digestfile: text("file", "Write the digest of what was pushed to this file"),
  removeSignatures: toggle("Leave signatures behind"),
  quiet: toggle("Show no progress"),
  progress: { kind: "enum", values: progressStyles, optional: true, brief: "How progress is shown" },
};

interface DestinationArgument {
  readonly parse: typeof textParser;
  readonly placeholder: "DESTINATION";
  readonly brief: string;
  readonly optional: true;
}

/** @param own whose name it is that is pushed to where none is given */
export function destinationArgument(own: "image" | "list"): DestinationArgument {
  const brief = `Where to: a name in a registry, or TRANSPORT:DETAILS; the ${own}'s own name where absent`;
  return { parse: textParser, placeholder: "DESTINATION", brief, optional: true };
}
